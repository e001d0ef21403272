/** docs/api.md: each of its samples is run, served or answered as it says; it names every member of the definitions. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { readDefinitions } from '../support/definitions.js';
import { readSamples, withPorts } from '../support/samples.js';
import { freePort, LUA_VERSION, type TestServer } from '../support/server.js';
import { Peer, PeerServer } from '../support/tcp.js';
import { UdpPeer } from '../support/udp.js';
import { start, stopAfterEach } from './run-script.js';

stopAfterEach();
const closing = closeAfterEach();

const PAGE = new URL('../../docs/api.md', import.meta.url);
const samples = readSamples(PAGE);
const tried = new Set<string>();

interface Running extends TestServer {
  /** Stands for 1234. */
  readonly port: number;
}

/** Runs a sample, and fails when it does not load without an error. @param peer what stands for 5678 */
async function run(name: string, ini = '', peer = 5678): Promise<Running> {
  const sample = samples.get(name);
  if (!sample) throw new Error(`no sample ${name}`);
  tried.add(name);
  const port = await freePort();
  const server = await start(withPorts(sample, { 1234: port, 5678: peer }), ini);
  expect(server.log.texts('error')).toEqual([]);
  expect(server.log.texts('note').join('\n')).toMatch(/(\d) of \1 applications running/);
  return { ...server, port };
}

const connect = async (port: number) => closing(await Peer.connect(port));

test('visits: the count survives a reload', async () => {
  const { port, log, write } = await run('visits');
  expect((await (await connect(port)).readAll()).toString()).toBe('You are visitor 1.\n');
  const [code = ''] = Object.values(withPorts(samples.get('visits') ?? {}, { 1234: port }));
  write('main.lua', code.replace('are visitor', 'are guest'));
  await log.waitFor('reloaded as generation 2');
  expect((await (await connect(port)).readAll()).toString()).toBe('You are guest 2.\n');
});

test('family: a child calls its parent, which calls the child', async () => {
  const { port } = await run('family');
  const peer = await connect(port);
  expect(await peer.readUntil()).toBe('Welcome guest: 4 rooms, the lobby is open\n');
});

test('settings: from the configuration file', async () => {
  const port = await freePort();
  const ini = `publicAddress=game.example.org\n[game]\ngreeting=Hello; you\nport=${port}\n`;
  const { log, folder } = await run('settings', ini);
  await log.waitFor(`in ${join(folder, 'www')}/, known as game.example.org`);
  expect(await (await connect(port)).readUntil()).toMatch(/^Hello; you, up for \d+ s\n$/);
});

test('settings: without any', async () => {
  const { port } = await run('settings');
  expect(await (await connect(port)).readUntil()).toMatch(/^Good day, up for \d+ s\n$/);
});

test('digests: one for each word', async () => {
  const peer = await connect((await run('digests')).port);
  peer.send('abc, ');
  peer.send('abc\n');
  for (let i = 0; i < 2; i++) expect(await peer.readUntil()).toBe('abc 900150983cd24fb0d6963f7d28e17f72\n');
});

test('blacklist: who says bad is not heard again', async () => {
  const { port } = await run('blacklist');
  const peer = await connect(port);
  expect(await peer.readUntil()).toBe('welcome\n');
  peer.send('bad');
  await peer.readAll();
  expect((await (await connect(port)).readAll()).length).toBe(0);
});

test('amf: there and back', async () => {
  expect((await run('amf')).log.texts('note')).toContain('ANN has 3 entries of 1970');
});

test('reconnect: lines, in pieces, and a second connection after the first', async () => {
  const service = closing(await PeerServer.listen());
  const { log } = await run('reconnect', '', service.port);
  const peer = await service.next();
  expect(await peer.readUntil()).toBe('HELLO\n');
  peer.send('one\ntw');
  await log.waitFor(`:${service.port} says one`);
  peer.send('o\n');
  await log.waitFor(`:${service.port} says two`);
  peer.end();
  await log.waitFor('disconnected: the other side has closed');
  expect(await (await service.next()).readUntil()).toBe('HELLO\n');
});

test('proxy: both ways, more than the buffers hold, and the end', async () => {
  const service = closing(await PeerServer.listen());
  const { port, log } = await run('proxy', '[tcp]\nsendLimit=1M\n', service.port);
  const client = await connect(port);
  client.send('hello');
  const backend = await service.next();
  expect((await backend.read(5)).toString()).toBe('hello');
  const much = Buffer.alloc(20_000_000, 'x');
  client.socket.pause();
  backend.send(much);
  client.send('meanwhile');
  expect((await backend.read(9)).toString()).toBe('meanwhile');
  client.socket.resume();
  expect((await client.read(much.length)).equals(much)).toBe(true);
  expect(log.texts('error')).toEqual([]);
  client.end();
  await backend.readAll();
});

test('proxy: nobody behind it', async () => {
  const { port, log } = await run('proxy', '', await freePort());
  expect((await (await connect(port)).readAll()).length).toBe(0);
  await log.waitFor('connection refused');
});

test('commands: lines are numbered, quit ends', async () => {
  const { port, log } = await run('commands');
  await log.waitFor(`listening on port ${port}`);
  const peer = await connect(port);
  expect(await peer.readUntil()).toBe('client 1, say quit to end\n');
  peer.send('one\r\ntwo\nquit\n');
  expect((await peer.readAll()).toString()).toBe('1: one\n2: two\nbye\n');
});

test('udp-echo: in capitals', async () => {
  const { port } = await run('udp-echo');
  const peer = closing(await UdpPeer.bind());
  await peer.send('hello', port);
  expect(await peer.nextText()).toBe('HELLO');
});

test('udp-client: is answered', async () => {
  const peer = closing(await UdpPeer.bind());
  const { log } = await run('udp-client', '', peer.port);
  const { bytes, port } = await peer.next();
  expect(bytes.toString()).toBe('ping');
  await log.waitFor(`from 127.0.0.1:${port} to 127.0.0.1:${peer.port}`);
  await peer.send('pong', port);
  await log.waitFor(`127.0.0.1:${peer.port} answers pong`);
});

test('mail: leaves', async () => {
  const { log, folder } = await run('mail', '[smtp]\noutbox=outbox\n');
  await log.waitFor('mail has left');
  const [file = ''] = readdirSync(join(folder, 'outbox'));
  expect(readFileSync(join(folder, 'outbox', file), 'utf8')).toContain('Subject: Disk nearly full\r\n');
});

test('log: as it is written', async () => {
  const { log } = await run('log');
  expect(log.texts('note')).toContain('users: 3, name: (null), open: (true)');
  expect(log.texts('print')).toEqual(['a\tb']);
});

test('files: a line for each start', async () => {
  const { log, folder } = await run('files');
  expect(log.texts('note')).toContain('1 starts until now');
  expect(existsSync(join(folder, 'www/starts.log'))).toBe(true);
});

test('engines: the same where it is formatted', async () => {
  const written = LUA_VERSION === '5.4' ? '5.0' : '5';
  const { log } = await run('engines');
  expect(log.texts('note')).toContain(`Lua ${LUA_VERSION} writes ${written}; formatted it is 5`);
});

test('every sample of the page has been run', () => {
  expect([...samples.keys()].filter((name) => !tried.has(name))).toEqual([]);
});

test('every member of the definitions is on the page', () => {
  const page = readFileSync(PAGE, 'utf8');
  const { members, globals } = readDefinitions();
  const names = [...members].flatMap(([owner, all]) => (/^(bit|jit)$/.test(owner) ? [] : [...all.keys()]));
  for (const name of [...names, ...globals.keys()])
    expect(page, name).toMatch(new RegExp(`\`(\\w+[.:])?${name}[\`(]|## ${name}\n`));
});

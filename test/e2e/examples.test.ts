/** The applications under scripts/, run by CumulusServer.ini.example, answer as their comments say. */
import { createSocket } from 'node:dgram';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Daemon, Daemons } from '../support/daemon.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const daemons = new Daemons();
/** Port in the scripts → the free one that stands for it here, so that two test runs do not meet. */
const ports = new Map<string, number>();
let folder = '';
let daemon: Daemon;

beforeAll(async () => {
  folder = daemons.folder();
  cpSync(join(ROOT, 'scripts'), join(folder, 'scripts'), { recursive: true });
  cpSync(join(ROOT, 'CumulusServer.ini.example'), join(folder, 'CumulusServer.ini.example'));
  for (const name of readdirSync(join(folder, 'scripts')))
    await replacePorts(join(folder, 'scripts', name, 'main.lua'));
  daemon = daemons.run(['--config', 'CumulusServer.ini.example'], { cwd: folder });
  await daemon.waitFor(/(\d+) of \1 applications running/);
});

afterAll(() => daemons.close());

async function replacePorts(file: string): Promise<void> {
  let text = readFileSync(file, 'utf8');
  for (const port of new Set(text.match(/\b12\d\d\b/g))) {
    if (!ports.has(port)) ports.set(port, await freePort());
    text = text.replaceAll(port, String(ports.get(port)));
  }
  writeFileSync(file, text);
}

const portFor = (port: number): number => ports.get(String(port)) ?? 0;

test('each says on the console what to try', () => {
  for (const text of [
    `nc localhost ${portFor(1234)}`,
    `nc -u 127.0.0.1 ${portFor(1234)}`,
    `nc localhost ${portFor(1235)}`,
  ])
    expect(daemon.stdout).toContain(`try: ${text}`);
  expect(daemon.stdout).not.toMatch(/^(ERROR|WARN)/m);
});

test('echo: what is sent comes back', async () => {
  const peer = await Peer.connect(portFor(1234), 'localhost');
  peer.send('hello\n');
  expect(await peer.readUntil()).toBe('hello\n');
  await daemon.waitFor(/connection from (127\.0\.0\.1|\[::1\]):\d+/);
  peer.close();
});

test('udp: what is sent comes back', async () => {
  const socket = createSocket('udp4');
  const answer = new Promise((resolve) => socket.once('message', (message) => resolve(message.toString())));
  socket.send('hello\n', portFor(1234), '127.0.0.1');
  expect(await answer).toBe('hello\n');
  socket.close();
});

test('chat: lines go to the others, with the name', async () => {
  const [ann, bob] = [await Peer.connect(portFor(1235)), await Peer.connect(portFor(1235))];
  for (const peer of [ann, bob]) expect(await peer.readUntil()).toBe('Your name?\n');
  ann.send('Ann\n');
  expect(await ann.readUntil()).toBe('Hello Ann.\n');
  bob.send('Bob\r\nhi ');
  expect(await bob.readUntil()).toBe('Hello Bob.\n');
  expect(await ann.readUntil()).toBe('* Bob has joined\n');
  bob.send('there\nsecond line\n');
  expect([await ann.readUntil(), await ann.readUntil()]).toEqual(['Bob: hi there\n', 'Bob: second line\n']);
  bob.close();
  expect(await ann.readUntil()).toBe('* Bob has left\n');
  ann.close();
});

test('mail: a line becomes an .eml file, which a mail parser reads', async () => {
  const peer = await Peer.connect(portFor(1236));
  peer.send('nonsense\nsomebody@example.org Grüße aus dem Test\n');
  expect(await peer.readUntil()).toBe('usage: recipient text\n');
  expect(await peer.readUntil()).toBe('sent to somebody@example.org\n');
  peer.close();
  const outbox = join(folder, 'outbox');
  const [name = ''] = readdirSync(outbox).filter((file) => file.endsWith('.eml'));
  const mail = await simpleParser(readFileSync(join(outbox, name)));
  expect(mail.subject).toBe('A line for you');
  expect(mail.text?.trimEnd()).toBe('Grüße aus dem Test');
  expect(mail.to).toMatchObject({ text: 'somebody@example.org' });
});

test('line-protocol: commands are answered; values survive a save of the script', async () => {
  const peer = await Peer.connect(portFor(1237));
  const ask = async (line: string) => {
    peer.send(`${line}\n`);
    return (await peer.readUntil()).trimEnd();
  };
  expect(await ask('SET lamp on')).toBe('OK');
  expect(await ask('GET lamp')).toBe('OK on');
  expect(await ask('get nothing')).toBe('ERROR no such key');
  expect(await ask('LIST')).toBe('OK lamp');
  expect(await ask('WHAT')).toBe('ERROR unknown command');
  expect(await ask('QUIT')).toBe('BYE');
  await peer.readAll();
  peer.close();
  const file = join(folder, 'scripts', 'line-protocol', 'main.lua');
  writeFileSync(file, `${readFileSync(file, 'utf8')}\n-- saved\n`);
  await daemon.waitFor('application /line-protocol reloaded');
  const again = await Peer.connect(portFor(1237));
  again.send('GET lamp\n');
  expect(await again.readUntil()).toBe('OK on\n');
  again.close();
});

test('killing it is clean', async () => {
  daemon.signal('SIGINT');
  const { code, stderr } = await daemon.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

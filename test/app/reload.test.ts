import { afterEach, expect, test, vi } from 'vitest';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

let running: TestServer | undefined;

afterEach(async () => {
  vi.restoreAllMocks();
  await running?.stop();
  running = undefined;
});

async function start(...args: Parameters<typeof startServer>): Promise<TestServer> {
  running = await startServer(...args);
  return running;
}

const echo = (port: number, name: string, more = '') => `
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    client:send("${name}\\n")
    function client:onReception(data) self:send("${name}:" .. data) return 0 end
    function client:onDisconnection() NOTE("${name} lost a client") end
  end
  assert(server:start(${port}))
  ${more}
`;

async function greeting(port: number): Promise<string> {
  const peer = await Peer.connect(port);
  const line = await peer.readUntil();
  peer.close();
  return line;
}

test('saving main.lua brings the new version, in order: old onStop, new main, new onStart', async () => {
  const port = await freePort();
  const version = (name: string) =>
    echo(
      port,
      name,
      `
    NOTE("main ${name}")
    function onStart(path) NOTE("start ${name}") end
    function onStop(path) NOTE("stop ${name}") end
  `,
    );
  const { write, log } = await start(version('one'));
  expect(await greeting(port)).toBe('one\n');
  write('main.lua', version('two'));
  const line = await log.waitFor('reloaded as generation 2');
  expect(line.level).toBe('note');
  expect(line.text).toMatch(
    /^application \/ reloaded as generation 2: main.lua changed, \d+ ms, 0 connections closed$/,
  );
  expect(await greeting(port)).toBe('two\n');
  const order = log.texts('note').filter((text) => /^(main|start|stop) /.test(text));
  expect(order).toEqual(['main one', 'start one', 'stop one', 'main two', 'start two']);
});

test('connections of the old version are closed without onDisconnection', async () => {
  const port = await freePort();
  const { write, log } = await start(echo(port, 'one'));
  const peer = await Peer.connect(port);
  await peer.readUntil();
  write('main.lua', echo(port, 'two'));
  await peer.readAll();
  await log.waitFor('1 connection closed');
  expect(log.texts()).not.toContain('one lost a client');
  peer.close();
});

test('a syntax error leaves the running version and its connections untouched, and its mend loads', async () => {
  const port = await freePort();
  const { write, log } = await start(echo(port, 'one'));
  const peer = await Peer.connect(port);
  await peer.readUntil();
  write('main.lua', 'server = = nonsense');
  const line = await log.waitFor('not reloaded');
  expect(line.level).toBe('error');
  expect(line.text).toContain('www/main.lua:1:');
  peer.send('x');
  expect((await peer.read(5)).toString()).toBe('one:x');
  write('main.lua', echo(port, 'two'));
  await log.waitFor('reloaded as generation 2');
  expect(await greeting(port)).toBe('two\n');
  peer.close();
});

test.each([1, 2])(
  'when one of its two machines cannot be made (%i), the old version goes on, and the next save is loaded',
  async (which) => {
    const port = await freePort();
    const { write, log } = await start(echo(port, 'one'));
    const pass = WebAssembly.instantiate;
    const instantiate = vi.spyOn(WebAssembly, 'instantiate');
    const intervals = vi.spyOn(globalThis, 'setInterval');
    let calls = 0;
    instantiate.mockImplementation(async (module, imports) => {
      if (++calls % 2 === which % 2) throw new RangeError('no room for another memory');
      return pass(module, imports);
    });
    write('main.lua', echo(port, 'two'));
    const line = await log.waitFor('not reloaded');
    expect(line.text).toMatch(/main\.lua\), generation 1 goes on: .*no room for another memory/);
    expect(await greeting(port)).toBe('one\n');
    // The glue of a machine that has failed notices it after ten seconds.
    for (const { value } of intervals.mock.results) clearInterval(value);
    write('main.lua', echo(port, 'three'));
    vi.restoreAllMocks();
    await log.waitFor('reloaded as generation 2');
    expect(await greeting(port)).toBe('three\n');
  },
);

test('an application whose first machine cannot be made is started by the next save', async () => {
  const port = await freePort();
  const intervals = vi.spyOn(globalThis, 'setInterval');
  vi.spyOn(WebAssembly, 'instantiate').mockRejectedValue(new RangeError('no room for another memory'));
  const { write, log } = await start(echo(port, 'one'));
  const line = await log.waitFor('application / not started');
  expect(line.text).toContain('no room for another memory');
  // The glue of a machine that has failed notices it after ten seconds.
  for (const { value } of intervals.mock.results) clearInterval(value);
  vi.restoreAllMocks();
  write('main.lua', echo(port, 'two'));
  await log.waitFor('application / started');
  expect(await greeting(port)).toBe('two\n');
});

test('an error in main.lua brings the last good version back, with one ERROR', async () => {
  const port = await freePort();
  const { write, log } = await start(echo(port, 'one'));
  write('main.lua', echo(port, 'two', 'error("boom")'));
  const line = await log.waitFor('rolled back');
  expect(line.level).toBe('error');
  expect(line.text).toContain('boom');
  expect(await greeting(port)).toBe('one\n');
  expect(log.texts('error')).toHaveLength(1);
  write('main.lua', echo(port, 'three'));
  await log.waitFor('reloaded as generation 2');
  expect(await greeting(port)).toBe('three\n');
});

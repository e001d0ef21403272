/** SIGTERM and SIGINT: what still happens, in which order, and how the process ends. */
import { afterEach, expect, test } from 'vitest';
import { Daemons } from '../support/daemon.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const daemons = new Daemons();

afterEach(() => daemons.close());

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends an idle server with exit code 0', async (signal) => {
  const { daemon } = daemons.start('NOTE("up")');
  await daemon.waitFor('1 of 1 applications running');
  daemon.signal(signal);
  const { code, signal: killed, stdout, stderr } = await daemon.ended;
  expect({ code, killed, stderr }).toEqual({ code: 0, killed: null, stderr: '' });
  expect(stdout).toContain(`NOTE  ${signal}: stopping\nNOTE  stopped\n`);
});

test('onStop of every application can still send, and what it sends arrives before FIN', async () => {
  const ports = [await freePort(), await freePort()];
  const application = (port: number) => `
    server, clients = cumulus:createTCPServer(), {}
    function server:clientHandler(client) clients[1] = client client:send("hello") end
    assert(server:start(${port}))
    function onStop(path) clients[1]:send("bye from " .. path) end
  `;
  const { daemon } = daemons.start({
    'a/main.lua': application(ports[0] ?? 0),
    'b/main.lua': application(ports[1] ?? 0),
  });
  await daemon.waitFor('2 of 2 applications running');
  const peers = await Promise.all(ports.map((port) => Peer.connect(port)));
  for (const peer of peers) await peer.read(5);
  daemon.signal('SIGTERM');
  const last = await Promise.all(peers.map((peer) => peer.readAll()));
  expect(last.map(String)).toEqual(['bye from /a', 'bye from /b']);
  expect((await daemon.ended).code).toBe(0);
  for (const peer of peers) peer.close();
});

test('data that the peer has not taken yet is flushed before the end', async () => {
  const port = await freePort();
  const size = 8 * 1024 * 1024;
  const { daemon } = daemons.start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client) NOTE("accepted") self.client = client end
    assert(server:start(${port}))
    function onStop() server.client:send(string.rep("x", ${size})) end
  `);
  await daemon.waitFor('running');
  const peer = await Peer.connect(port);
  await daemon.waitFor('accepted');
  peer.socket.pause();
  daemon.signal('SIGTERM');
  await daemon.waitFor('stopping');
  peer.socket.resume();
  expect((await peer.readAll()).length).toBe(size);
  expect((await daemon.ended).code).toBe(0);
  peer.close();
});

test('a second signal ends at once what waits for a peer that reads nothing', async () => {
  const port = await freePort();
  const { daemon } = daemons.start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client) NOTE("accepted") client:send(string.rep("x", 16777216)) end
    assert(server:start(${port}))
  `);
  await daemon.waitFor('running');
  const peer = await Peer.connect(port);
  peer.socket.pause();
  await daemon.waitFor('accepted');
  daemon.signal('SIGTERM');
  await daemon.waitFor('stopping');
  const begun = performance.now();
  // One that comes with the first is taken for the same: who passes it on and the terminal may both have sent it.
  daemon.signal('SIGINT');
  const impatient = setInterval(() => daemon.signal('SIGINT'), 50);
  const { code, stdout } = await daemon.ended;
  clearInterval(impatient);
  expect(code).toBe(1);
  expect(stdout).toContain('WARN  SIGINT again: ending at once\n');
  expect(performance.now() - begun).toBeLessThan(3000);
  peer.close();
});

test('an error in onStop is logged, and the others are stopped as well', async () => {
  const { daemon } = daemons.start({
    'a/main.lua': 'function onStop() NOTE("a stops") end',
    'b/main.lua': 'function onStop() error({ code = 7 }) end',
    'main.lua': 'function onStop() NOTE("root stops") end',
  });
  await daemon.waitFor('running');
  daemon.signal('SIGTERM');
  const { code, stdout } = await daemon.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /ERROR application \/b, onStop: error object { code = 7 }\n[\s\S]*a stops[\s\S]*root stops/,
  );
});

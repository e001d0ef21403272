/**
 * A process whose file descriptors run out: it neither ends nor spins, and accepts again by itself.
 */
import { readdirSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { cpuOf } from '../bench/harness/usage.js';
import { type Daemon, Daemons } from '../support/daemon.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { UdpPeer } from '../support/udp.js';

const LIMIT = 60;
/** Seen from outside the process may hold one more for a moment: the kernel counts numbers, not files. */
const OPEN_AT_MOST = LIMIT - 16 + 1;
const onLinux = test.skipIf(process.platform !== 'linux');

const daemons = new Daemons();
const peers: Peer[] = [];

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await daemons.close();
});

const echo = (port: number) => `
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    function client:onReception(data) self:send(data) return 0 end
  end
  assert(server:start(${port}))
`;

async function start(script: string): Promise<{ daemon: Daemon; write: (text: string) => void }> {
  const { daemon, place } = daemons.start(script, '[logs]\nformat=text\n', [], { openFiles: LIMIT });
  await daemon.waitFor('1 of 1 applications running');
  return { daemon, write: (text) => place.write('main.lua', text) };
}

/** Connects and asks for an echo. @returns undefined when the connection was closed instead */
async function connect(port: number): Promise<Peer | undefined> {
  const peer = await Peer.connect(port).catch(() => undefined);
  if (!peer) return undefined;
  peers.push(peer);
  peer.send('?');
  const answer = await peer.read(1).catch(() => undefined);
  return answer && peer;
}

async function connectMany(port: number, count: number): Promise<(Peer | undefined)[]> {
  return Promise.all(Array.from({ length: count }, () => connect(port)));
}

/** Part of a core that the process uses while nothing is asked of it, over a second. */
async function busy({ child }: Daemon): Promise<number> {
  const before = await cpuOf(child);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return ((await cpuOf(child)) - before) / 1e6;
}

/** Resolves when the process has closed so much that `count` connections have room. */
async function room(daemon: Daemon, count: number): Promise<void> {
  while (openFiles(daemon) > OPEN_AT_MOST - count) await new Promise((resolve) => setTimeout(resolve, 10));
}

function openFiles({ pid }: Daemon): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

onLinux('connections beyond the limit are closed and counted, the others are served', async () => {
  const port = await freePort();
  const { daemon, write } = await start(echo(port));
  const connected = await connectMany(port, 100);
  const served = connected.filter((peer) => peer !== undefined);
  const closed = 100 - served.length;
  expect(served.length).toBeGreaterThan(5);
  expect(closed).toBeGreaterThan(50);
  const line = await daemon.waitFor('almost out of file descriptors');
  expect(line).toContain(
    `the limit is ${LIMIT}: ${closed} connections closed; raise LimitNOFILE or ulimit -n`,
  );
  expect(openFiles(daemon)).toBeLessThan(LIMIT);
  expect(await busy(daemon)).toBeLessThan(0.3);
  // What is left suffices for files: those who are connected do not keep a new version out.
  write(`${echo(port)} function onStart() NOTE("new version") end`);
  await daemon.waitFor('new version');
});

onLinux('accepting resumes by itself as soon as connections end', async () => {
  const port = await freePort();
  const { daemon } = await start(echo(port));
  const served = (await connectMany(port, 60)).filter((peer) => peer !== undefined);
  expect(await connect(port)).toBeUndefined();
  for (const peer of served) peer.close();
  // Not all: the server has opened files of its own meanwhile.
  const count = served.length >> 1;
  await room(daemon, count);
  const again = await connectMany(port, count);
  expect(again.filter((peer) => peer === undefined)).toEqual([]);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toMatchObject({ code: 0, stderr: '' });
});

/** Opens sockets until there is no descriptor left, and gives them back when it is told to. */
const greedy = (port: number, control: number) => `${echo(port)}
  control = cumulus:createUDPSocket()
  assert(not control:bind("127.0.0.1:${control}"))
  local taken = {}

  function control:onReception()
    for _, socket in ipairs(taken) do socket:close() end
    NOTE("given back")
  end

  function onStart()
    local err
    repeat
      local socket = cumulus:createUDPSocket()
      err = socket:bind("127.0.0.1:0")
      taken[#taken + 1] = socket
    until err
    NOTE("bind: ", err)
    local client = cumulus:createTCPClient()
    function client:onDisconnection() NOTE("connect: ", self.error) end
    client:connect("127.0.0.1", ${port})
  end
`;

onLinux('a script that takes every descriptor gets errors, and all goes on when it lets go', async () => {
  const port = await freePort();
  const control = await freePort();
  const { daemon } = await start(greedy(port, control));
  expect(await daemon.waitFor('bind:')).toContain('bind: too many open files (127.0.0.1:0)');
  expect(await daemon.waitFor('connect:')).toContain(`connect: too many open files (127.0.0.1:${port})`);
  // Loading the watcher fails, or what it does then: Node's words, which differ by its version.
  expect(await daemon.waitFor('cannot watch for changes')).toMatch(/EMFILE|too many open files/);
  // Closed, but for those for which threads that could not start have left room; without that they wait for some.
  const hungry = connectMany(port, 20);
  expect(await busy(daemon)).toBeLessThan(0.3);
  const udp = await UdpPeer.bind();
  await udp.send('let go', control);
  udp.close();
  await daemon.waitFor('given back');
  for (const peer of await hungry) peer?.close();
  await room(daemon, 5);
  const again = await connectMany(port, 5);
  expect(again.filter((peer) => peer === undefined)).toEqual([]);
});

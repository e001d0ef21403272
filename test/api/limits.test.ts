/** Limits of reading, writing, time and numbers, through scripts, on real sockets. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

let running: TestServer | undefined;
const closing: (() => void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await running?.stop();
  running = undefined;
});

async function connect(port: number): Promise<Peer> {
  const peer = await Peer.connect(port);
  closing.push(() => peer.close());
  return peer;
}

/** A server whose clientHandler has `client` and whatever `body` does with it. */
const serve = (port: number, body: string) => `
  server = cumulus:createTCPServer()
  function server:clientHandler(client) ${body} end
  function onStart() assert(server:start(${port})) end
`;

test('bytes that onReception keeps beyond receiveLimit end the connection with an error', async () => {
  const port = await freePort();
  running = await startServer(
    serve(
      port,
      `
      function client:onReception(data) return #data end
      function client:onDisconnection() NOTE("ended: ", self.error) end
    `,
    ),
    '[tcp]\nreceiveLimit=100k\n',
  );
  const peer = await connect(port);
  peer.send(Buffer.alloc(150_000));
  const line = await running.log.waitFor(/^ended: /);
  expect(line.text).toMatch(
    /^ended: receive limit reached: onReception keeps \d+ bytes, the limit is 102400 \(\[tcp\] receiveLimit\)$/,
  );
  expect(running.log.texts('error').join()).toContain('receive limit reached');
  await peer.readAll();
});

test('pause leaves the data with the kernel, resume delivers all of it in order', async () => {
  const port = await freePort();
  running = await startServer(
    serve(
      port,
      `
    local total = 0
    client:pause()
    paused = client
    function client:onReception(data)
      total = total + #data
      if total == 1000000 then self:send("all") end
      if total == 1000 then self:pause(); self:send("paused again") end
      return 0
    end
  `,
    ) +
      'function onManage() end\ntimer = cumulus:createUDPSocket()\nfunction timer:onReception() paused:resume() end\nassert(not timer:bind("127.0.0.1:' +
      port +
      '"))',
  );
  const udp = cumulusPoke(port);
  const peer = await connect(port);
  peer.send(Buffer.alloc(1000));
  udp();
  expect((await peer.read(12)).toString()).toBe('paused again');
  peer.send(Buffer.alloc(999_000));
  udp();
  expect((await peer.read(3)).toString()).toBe('all');
});

/** Sends a datagram, to make a script do something now. */
function cumulusPoke(port: number): () => void {
  const socket = createSocket('udp4');
  closing.push(() => socket.close());
  return () => socket.send('poke', port, '127.0.0.1');
}

test('pending counts what the kernel has not taken, onDrain tells when it has gone', async () => {
  const port = await freePort();
  running = await startServer(
    serve(
      port,
      `
    client:send(string.rep("x", 20000000))
    function client:onReception(data) NOTE("pending ", self.pending > 65536 and "much" or self.pending) return 0 end
    function client:onDrain() NOTE("drained ", self.pending) end
  `,
    ),
  );
  const peer = await connect(port);
  peer.socket.pause();
  peer.send('?');
  await running.log.waitFor('pending much');
  peer.socket.resume();
  await running.log.waitFor('drained 0');
  await peer.read(20_000_000);
});

test('a send beyond sendLimit takes nothing of that call and returns an error string', async () => {
  const port = await freePort();
  running = await startServer(
    serve(
      port,
      `
      local err
      for i = 1, 200 do err = client:send(string.rep("x", 100000)) if err then break end end
      NOTE(err)
      function client:onReception(data) self:send("end") return 0 end
    `,
    ),
    '[tcp]\nsendLimit=1M\n',
  );
  const peer = await connect(port);
  const line = await running.log.waitFor('send limit reached');
  expect(line.text).toMatch(
    /^send limit reached: \d+ bytes are pending, 100000 more would exceed 1048576 \(\[tcp\] sendLimit\)$/,
  );
  // Whole sends have arrived, and nothing of the refused one.
  expect((await peer.read(1_000_000)).every((byte) => byte === 0x78)).toBe(true);
  peer.send('?');
  expect((await peer.read(3)).toString()).toBe('end');
});

test('a limit that stays reached is logged once, and again after the backlog has gone', async () => {
  const port = await freePort();
  running = await startServer(
    serve(
      port,
      `
      local function fill() for i = 1, 200 do client:send(string.rep("x", 100000)) end end
      function client:onReception() fill() return 0 end
      function client:onDrain() NOTE("drained") end
    `,
    ),
    '[tcp]\nsendLimit=1M\n',
  );
  const reported = () => running?.log.texts('error').filter((text) => text.includes('send limit')).length;
  const peer = await connect(port);
  peer.socket.pause();
  peer.send('?');
  await running.log.waitFor('send limit reached');
  peer.send('?');
  peer.socket.resume();
  await running.log.waitFor('drained');
  expect(reported()).toBe(1);
  peer.socket.pause();
  peer.send('?');
  while (reported() === 1) await new Promise((resolve) => setImmediate(resolve));
  expect(reported()).toBe(2);
});

/** Every byte that comes is worth 100,000 that go. */
const GENEROUS = `
  function client:onReception(data)
    for i = 1, #data do
      local err = client:send(data == "." and "small" or string.rep("x", 100000))
      if err then NOTE("refused: ", err) end
    end
    return 0
  end`;

test('what all connections hold together has a limit, of which those that hold little hear nothing', async () => {
  const port = await freePort();
  running = await startServer(serve(port, GENEROUS), '[tcp]\nsendLimit=64M\ntotalLimit=16M\n');
  const { log } = running;
  const greedy = await Promise.all([connect(port), connect(port)]);
  for (const peer of greedy) peer.socket.pause();
  // More than the kernel takes, in pieces: what is held counts from the end of an event on.
  while (!log.texts('note').some((text) => text.startsWith('refused'))) {
    for (const peer of greedy) peer.send('!'.repeat(10));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(log.texts('note').find((text) => text.startsWith('refused'))).toMatch(
    /^refused: send limit reached: \d+ bytes are held for all connections, \d+ of them for this one; the limit is 16777216 \(\[tcp\] totalLimit\)$/,
  );
  const modest = await connect(port);
  modest.send('.');
  expect((await modest.read(5)).toString()).toBe('small');
  for (const peer of greedy) peer.close();
});

test('what all scripts keep together has the same limit: the connection that exceeds it ends', async () => {
  const port = await freePort();
  running = await startServer(
    serve(
      port,
      `
      function client:onReception(data) return #data end
      function client:onDisconnection() NOTE("ended: ", self.error or "well") end
    `,
    ),
    '[tcp]\ntotalLimit=1M\n',
  );
  const [one, other, modest] = [await connect(port), await connect(port), await connect(port)];
  modest.send('a little');
  one.send(Buffer.alloc(700_000));
  other.send(Buffer.alloc(700_000));
  const line = await running.log.waitFor(/^ended/);
  expect(line.text).toMatch(
    /^ended: receive limit reached: \d+ bytes are held for all connections, \d+ of them kept by this one; the limit is 1048576 \(\[tcp\] totalLimit\)$/,
  );
  modest.end();
  await running.log.waitFor('ended: well');
});

test('a connection that is idle longer than idleTimeout ends with an error that says so', async () => {
  const port = await freePort();
  running = await startServer(
    serve(
      port,
      `
    client.idleTimeout = 0.1
    NOTE("timeout ", client.idleTimeout)
    function client:onDisconnection() NOTE("ended: ", self.error) end
  `,
    ),
  );
  const peer = await connect(port);
  expect((await running.log.waitFor(/^ended/)).text).toBe('ended: idle timeout: no data for 0.1 s');
  expect(running.log.texts('note')).toContain('timeout 0.1');
  await peer.readAll();
});

test('[tcp] idleTimeout is the default of every connection', async () => {
  const port = await freePort();
  running = await startServer(
    serve(port, 'function client:onDisconnection() NOTE("ended: ", self.error) end'),
    '[tcp]\nidleTimeout=0.1\n',
  );
  await connect(port);
  expect((await running.log.waitFor(/^ended/)).text).toContain('idle timeout');
});

test('a bad idleTimeout is refused with the allowed values', async () => {
  running = await startServer(
    'c = cumulus:createTCPClient() NOTE(select(2, pcall(function() c.idleTimeout = -1 end)))',
  );
  expect(running.log.texts('note').join()).toContain(
    'idleTimeout = -1: must be seconds, 0 (never) to 2147483',
  );
});

test('a connection that is not established within connectTimeout ends with an error', async () => {
  const port = await silentListener();
  running = await startServer(
    `client = cumulus:createTCPClient()
     function client:onDisconnection() NOTE("ended: ", self.error) end
     NOTE(client:connect("127.0.0.1", ${port}), " ", client.connected)`,
    '[tcp]\nconnectTimeout=0.3\n',
  );
  const line = await running.log.waitFor(/^ended/);
  expect(line.text).toBe(`ended: connect timeout: no connection to 127.0.0.1:${port} within 0.3 s`);
});

/** A process that listens and then does nothing any more; its queue of connections is full. @returns the port */
async function silentListener(): Promise<number> {
  const script =
    "require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port) })";
  const child = spawn(process.execPath, ['-e', script]);
  closing.push(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const port = Number(line);
  for (let i = 0; i < 8; i++) {
    const filler = createConnection({ port, host: '127.0.0.1' }).on('error', () => {});
    closing.push(() => filler.destroy());
  }
  return port;
}

test('maxConnections closes the ones above it, with one WARN and a count', async () => {
  const port = await freePort();
  running = await startServer(
    serve(port, 'client:send("hello")') +
      '\nserver.maxConnections = 2\nNOTE(server.connections, server.maxConnections)',
  );
  const first = await connect(port);
  await first.read(5);
  await (await connect(port)).read(5);
  for (let i = 0; i < 3; i++) expect((await (await connect(port)).readAll()).length).toBe(0);
  const line = await running.log.waitFor('connections closed, maxConnections is 2');
  expect(line.text).toBe(`application /: port ${port}: 3 connections closed, maxConnections is 2`);
  expect(line.level).toBe('warn');
  expect(running.log.texts('note')).toContain('02');
});

test('onDrain follows whenever pending was over 64 KiB, also when the kernel takes all at once', async () => {
  const port = await freePort();
  running = await startServer(
    serve(
      port,
      `client:send(string.rep("x", 70000))
       NOTE("over ", client.pending > 65536)
       function client:onDrain() NOTE("drained ", self.pending) end`,
    ),
  );
  const peer = await connect(port);
  await running.log.waitFor('over (true)');
  await peer.read(70_000);
  await running.log.waitFor('drained 0');
});

test("a script's own field takes the place of a property that the original did not have", async () => {
  running = await startServer(`
    server = cumulus:createTCPServer()
    server.connections = { "mine" }
    client = cumulus:createTCPClient()
    client.pending = "mine, too"
    NOTE(server.connections[1], " ", client.pending)
  `);
  expect(running.log.texts('note')).toContain('mine mine, too');
  expect(running.log.texts('warn')).toEqual([]);
});

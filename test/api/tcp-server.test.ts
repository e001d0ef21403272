import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { Peer, PeerServer } from '../support/tcp.js';
import { notesOf, start, stopAfterEach } from './run-script.js';

stopAfterEach();
const closing = closeAfterEach();

test('a fresh server has port 0 and does not run; a stopped one keeps its port; a second stop is silent', async () => {
  const port = await freePort();
  const notes = await notesOf(`
    server = cumulus:createTCPServer()
    local function state(...) NOTE(server.port, server.running, ...) end
    state()
    state(server:start(${port}))
    state(select("#", server:stop()))
    state(select("#", server:stop()))
  `);
  expect(notes).toEqual(['0(false)', `${port}(true)(true)`, `${port}(false)0`, `${port}(false)0`]);
});

test.each([
  ['0', 'port have to be superior to 0'],
  ['"0"', 'port have to be superior to 0'],
  ['-1', 'bad port -1: must be an integer from 1 to 65535'],
  ['70000', 'bad port 70000: must be'],
  ['1.5', 'bad port 1.5: must be'],
  ['"abc"', 'bad port "abc": must be'],
  ['nil', 'bad port nil: must be'],
  ['{}', 'bad port a table: must be'],
  ['print', 'bad port a function: must be'],
  ['false', 'bad port false: must be'],
  ['', 'bad port nil: must be'],
])(
  'start(%s) is false, with an ERROR at the line, and a running server keeps running',
  async (port, message) => {
    const good = await freePort();
    const { log } = await start(`
    server = cumulus:createTCPServer()
    assert(server:start(${good}))
    NOTE(server:start(${port}), server.running, server.port)`);
    expect(log.texts('note')[0]).toBe(`(false)(true)${good}`);
    const errors = log.lines.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.text).toContain(message);
    expect(errors[0]?.origin).toEqual({ application: '', file: 'www/main.lua', line: 4 });
    closing(await Peer.connect(good));
  },
);

test('a port in use is false, with an ERROR that names the reason, the port and the line', async () => {
  const taken = closing(await PeerServer.listen('::'));
  const { log } = await start(`
    server = cumulus:createTCPServer()
    NOTE(server:start(${taken.port}), server.running, server.port)`);
  expect(log.texts('note')[0]).toBe('(false)(false)0');
  const error = await log.waitFor('address already in use');
  expect(error).toMatchObject({
    level: 'error',
    text: `TCPServer.start: address already in use (port ${taken.port})`,
    origin: { application: '', file: 'www/main.lua', line: 3 },
  });
});

test('two server objects cannot have one port, also not in two applications; the second serves its old one', async () => {
  const [port, other] = [await freePort(), await freePort()];
  const { log } = await start({
    'a/main.lua': `server = cumulus:createTCPServer() NOTE("a", server:start(${port}))
      second = cumulus:createTCPServer() NOTE("a again", second:start(${port}))`,
    'b/main.lua': `server = cumulus:createTCPServer()
      function server:clientHandler(client) client:send("b") end
      NOTE("b", server:start("${other}"), server:start(${port}), server.running, server.port)`,
  });
  expect(log.texts('note').slice(0, 3)).toEqual([
    'a(true)',
    'a again(false)',
    `b(true)(false)(true)${other}`,
  ]);
  const peer = closing(await Peer.connect(other));
  expect((await peer.read(1)).toString()).toBe('b');
});

test('start again on the same port is true; on another port the server moves', async () => {
  const [port, other] = [await freePort(), await freePort()];
  const { log } = await start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client) client:send(tostring(self.port)) end
    NOTE(server:start(${port}), server:start(${port}), server:start(${other}), server.port)`);
  expect(log.texts('note')[0]).toBe(`(true)(true)(true)${other}`);
  const peer = closing(await Peer.connect(other));
  expect((await peer.read(String(other).length)).toString()).toBe(String(other));
  await expect(Peer.connect(port)).rejects.toThrow('ECONNREFUSED');
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '[::1]'],
])(
  'clientHandler over %s: self is the server, the client is connected and can send at once',
  async (host, shown) => {
    const port = await freePort();
    const { log } = await start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client, ...)
      NOTE(self == server, client.connected, " ", client.address, " ", client.peerAddress, " ", client.error, select("#", ...))
      client:send("welcome")
    end
    server:start(${port})`);
    const peer = closing(await Peer.connect(port, host));
    expect((await peer.read(7)).toString()).toBe('welcome');
    await log.waitFor(`(true)(true) ${shown}:${port} ${shown}:${peer.socket.localPort} (null)0`);
  },
);

test('without clientHandler a connection is closed at once, which is said once, and the server goes on', async () => {
  const [port, other] = [await freePort(), await freePort()];
  const { log } = await start(`
    server = cumulus:createTCPServer()
    server:start(${port})
    mend = cumulus:createTCPServer()
    function mend:clientHandler(client)
      function server:clientHandler(guest) guest:send("now") end
      client:send("mended")
    end
    mend:start(${other})`);
  for (let i = 0; i < 3; i++) {
    const refused = closing(await Peer.connect(port));
    expect(await refused.readAll()).toHaveLength(0);
  }
  expect(log.texts('warn')).toEqual([
    `application /: port ${port}: a connection was closed, because the server has no function clientHandler(client)`,
  ]);
  await closing(await Peer.connect(other)).read(6);
  expect(String(await closing(await Peer.connect(port)).read(3))).toBe('now');
});

test('an error in clientHandler is logged with its position, and the connection stays', async () => {
  const port = await freePort();
  const { log } = await start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data) self:send(data) return 0 end
      error({ code = 3 })
    end
    server:start(${port})`);
  const peer = closing(await Peer.connect(port));
  peer.send('still here');
  expect((await peer.read(10)).toString()).toBe('still here');
  expect(log.texts('error')).toHaveLength(1);
  expect(log.texts('error')[0]).toMatch(
    /^application \/, clientHandler: error object { code = 3 }\nstack traceback:\n\s+www\/main\.lua:5:/,
  );
});

test('errors in onDisconnection are logged, for connections of both kinds', async () => {
  const port = await freePort();
  const { log } = await start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onDisconnection() error("accepted") end
      client:disconnect()
      NOTE("went on")
    end
    server:start(${port})
    c = cumulus:createTCPClient()
    function c:onDisconnection() error("connecting") end
    c:connect("127.0.0.1", ${port})`);
  expect((await log.waitFor(': connecting')).text).toContain(
    'application /, onDisconnection: www/main.lua:10:',
  );
  expect(log.texts('error').join('\n')).toContain('application /, onDisconnection: www/main.lua:4: accepted');
  expect(log.texts('note')).toContain('went on');
});

test('disconnect inside clientHandler sends what was sent before, then ends', async () => {
  const port = await freePort();
  const { log } = await start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onDisconnection() NOTE("disconnected") end
      client:send("bye")
      client:disconnect()
      NOTE(client.connected, client:send("late"))
    end
    server:start(${port})`);
  const peer = closing(await Peer.connect(port));
  expect((await peer.readAll()).toString()).toBe('bye');
  expect(log.texts('note').slice(-2)).toEqual(['disconnected', '(false)TCPClient not connected']);
});

test('stop leaves accepted clients alone, and the port can be started again at once', async () => {
  const port = await freePort();
  await start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data)
        if data == "stop" then server:stop() end
        if data == "restart" then server:stop() assert(server:start(${port})) end
        self:send(data)
      end
    end
    server:start(${port})`);
  const peer = closing(await Peer.connect(port));
  peer.send('restart');
  await peer.read(7);
  const second = closing(await Peer.connect(port));
  for (const one of [peer, second]) {
    one.send('stop');
    expect((await one.read(4)).toString()).toBe('stop');
  }
  await expect(Peer.connect(port)).rejects.toThrow('ECONNREFUSED');
});

test('an accepted client can be connected elsewhere when it has ended', async () => {
  const port = await freePort();
  const other = closing(await PeerServer.listen());
  await start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onDisconnection() if not self.again then self.again = true self:connect("127.0.0.1", ${other.port}) self:send("here now") end end
    end
    server:start(${port})`);
  (await Peer.connect(port)).close();
  expect((await (await other.next()).read(8)).toString()).toBe('here now');
});

test('200 clients at once are echoed to, each its own', async () => {
  const port = await freePort();
  await start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data) self:send(data) return 0 end
    end
    server:start(${port})`);
  const peers = await Promise.all(Array.from({ length: 200 }, async () => closing(await Peer.connect(port))));
  for (const [i, peer] of peers.entries()) peer.send(`client ${i}\n`);
  const answers = await Promise.all(peers.map((peer) => peer.readUntil()));
  expect(answers).toEqual(peers.map((_, i) => `client ${i}\n`));
});

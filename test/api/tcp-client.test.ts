import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { Peer, PeerServer } from '../support/tcp.js';
import { notesOf, start, stopAfterEach } from './run-script.js';

stopAfterEach();
const closing = closeAfterEach();

test('a fresh client is not connected and has neither addresses nor an error', async () => {
  const notes = await notesOf(`
    c = cumulus:createTCPClient()
    NOTE(c.connected, c.address, c.peerAddress, c.error, c.anything)
    c:disconnect()
  `);
  expect(notes).toEqual(['(false)(null)(null)(null)(null)']);
});

test.each([
  ['0', '0'],
  ['-1', '-1'],
  ['70000', '70000'],
  ['1.5', '1.5'],
  ['"abc"', '"abc"'],
  ['"70000"', '"70000"'],
  ['nil', 'nil'],
  ['{}', 'a table'],
  ['true', 'true'],
  ['0/0', ''],
  ['1/0', ''],
])('connect to port %s returns an error that names it, and leaves it in error', async (port, shown) => {
  const [note] = await notesOf(`
    c = cumulus:createTCPClient()
    function c:onDisconnection() NOTE("never") end
    local err = c:connect("localhost", ${port})
    NOTE(err, "|", c.error == err, c.connected)
  `);
  const [error, rest] = (note ?? '').split('|');
  expect(error).toContain(`bad port ${shown}`);
  expect(error).toContain(': must be an integer from 1 to 65535');
  expect(rest).toBe('(true)(false)');
});

test.each([
  ['nil', 'bad host nil'],
  ['{}', 'bad host a table'],
  ['127', 'bad host 127'],
  ['""', 'bad host ""'],
  ['"a b"', 'bad host "a b"'],
  ['"a\\0b"', 'bad host "a?b"'],
])('connect to host %s returns an error that names it', async (host, message) => {
  const [note] = await notesOf(`NOTE(cumulus:createTCPClient():connect(${host}, 80))`);
  expect(note).toContain(message);
});

test.each(['%d', '"%d"', '" %d "'])('port %s is taken, and connect returns nothing', async (format) => {
  const server = closing(await PeerServer.listen());
  const notes = await notesOf(`
    c = cumulus:createTCPClient()
    NOTE(select("#", c:connect("127.0.0.1", ${format.replace('%d', String(server.port))})), c.connected, c.error)
  `);
  expect(notes).toEqual(['0(true)(null)']);
  await server.next();
});

test('a refused connection and an unknown name are told by onDisconnection, with the reason in error', async () => {
  const port = await freePort();
  const { log } = await start(`
    for _, host in ipairs { "127.0.0.1", "nobody.invalid" } do
      local c = cumulus:createTCPClient()
      function c:onDisconnection(...)
        NOTE(host, " ", self.error, " ", select("#", ...), self == c, self.connected, self.address, self.peerAddress)
      end
      NOTE(c:connect(host, ${port}) or "nothing", c.connected)
    end
  `);
  expect(log.texts('note').slice(0, 2)).toEqual(['nothing(true)', 'nothing(true)']);
  const state = '0(true)(false)(null)(null)';
  await log.waitFor(`127.0.0.1 connection refused (127.0.0.1:${port}) ${state}`);
  expect((await log.waitFor('nobody.invalid ')).text).toMatch(
    /host not found.* \(nobody\.invalid:\d+\) 0\(true\)/,
  );
});

test('an ordinary end leaves no error; the addresses are there in onReception and gone in onDisconnection', async () => {
  const server = closing(await PeerServer.listen());
  const { log } = await start(`
    c = cumulus:createTCPClient()
    function c:onReception(data) NOTE(self.address, " ", self.peerAddress) end
    function c:onDisconnection() NOTE("end", self.error, self.address, self.peerAddress, self.connected) end
    c:connect("127.0.0.1", ${server.port})
  `);
  const peer = await server.next();
  peer.send('x');
  await log.waitFor(`127.0.0.1:${peer.socket.remotePort} 127.0.0.1:${server.port}`);
  peer.end();
  await log.waitFor('end(null)(null)(null)(false)');
});

test('a reset connection leaves its reason in error', async () => {
  const server = closing(await PeerServer.listen());
  const { log } = await start(`
    c = cumulus:createTCPClient()
    function c:onReception(data) NOTE("got ", data) end
    function c:onDisconnection() NOTE("end: ", self.error) end
    c:connect("127.0.0.1", ${server.port})
  `);
  const peer = await server.next();
  peer.send('x');
  await log.waitFor('got x');
  peer.reset();
  await log.waitFor('end: connection reset by peer');
});

test('send returns nothing; a number is sent as its text; "" and nil send nothing', async () => {
  const server = closing(await PeerServer.listen());
  const notes = await notesOf(`
    c = cumulus:createTCPClient()
    c:connect("127.0.0.1", ${server.port})
    NOTE(select("#", c:send("text")), select("#", c:send(12)), select("#", c:send(1.5)))
    NOTE(select("#", c:send("")), select("#", c:send(nil)), select("#", c:send()))
    c:disconnect()
    NOTE(select("#", c:send("")), select("#", c:send(nil)), c:send("x"))
  `);
  expect(notes).toEqual(['000', '000', '00TCPClient not connected']);
  expect((await (await server.next()).readAll()).toString()).toBe('text121.5');
});

test.each(['{}', 'true', 'print', 'c'])(
  'sending %s is an error in the script, with its position',
  async (value) => {
    const server = closing(await PeerServer.listen());
    const [note] = await notesOf(`c = cumulus:createTCPClient()
    c:connect("127.0.0.1", ${server.port})
    NOTE(select(2, pcall(function() c:send(${value}) end)))`);
    expect(note).toMatch(/^www\/main\.lua:3: send: data must be a string or a number, not /);
  },
);

test('send when not connected returns an error and logs it with the line of the script', async () => {
  const { log } = await start(`c = cumulus:createTCPClient()
    NOTE(c:send("x"))
    NOTE(select("#", c:send(nil)))`);
  expect(log.texts('note').slice(0, 2)).toEqual(['TCPClient not connected', '0']);
  const errors = log.lines.filter(({ level }) => level === 'error');
  expect(errors).toMatchObject([
    { text: 'TCPClient not connected', origin: { application: '', file: 'www/main.lua', line: 2 } },
  ]);
});

test('disconnect calls onDisconnection before it returns, once', async () => {
  const server = closing(await PeerServer.listen());
  const notes = await notesOf(`
    c = cumulus:createTCPClient()
    function c:onDisconnection() NOTE("disconnected", self.connected) end
    c:connect("127.0.0.1", ${server.port})
    NOTE("before")
    NOTE(select("#", c:disconnect()), "after")
    c:disconnect()
  `);
  expect(notes).toEqual(['before', 'disconnected(false)', '0after']);
  await (await server.next()).readAll();
});

test('what was sent before disconnect arrives, also 8 MiB of it, also out of onReception', async () => {
  const server = closing(await PeerServer.listen());
  await start(`
    c = cumulus:createTCPClient()
    function c:onReception(data)
      for i = 1, 8 do self:send(string.rep(tostring(i), 1048576)) end
      self:disconnect()
      NOTE(self:send("late"))
    end
    c:connect("127.0.0.1", ${server.port})
  `);
  const peer = await server.next();
  peer.send('go');
  const all = await peer.readAll();
  expect(all.length).toBe(8 * 1_048_576);
  expect(all.subarray(-3).toString()).toBe('888');
});

test('connect while connected ends the old connection, inside of the call, and the object serves the new one', async () => {
  const [first, second] = [closing(await PeerServer.listen()), closing(await PeerServer.listen())];
  const { log } = await start(`
    c = cumulus:createTCPClient()
    function c:onReception(data) NOTE("from ", self.peerAddress, ": ", data) end
    function c:onDisconnection() NOTE("disconnected") end
    c:connect("127.0.0.1", ${first.port})
    c:send("one")
    NOTE("again")
    c:connect("127.0.0.1", ${second.port})
    NOTE("connected again", c.connected)
    c:send("two")
  `);
  expect(log.texts('note').slice(0, 3)).toEqual(['again', 'disconnected', 'connected again(true)']);
  expect((await (await first.next()).readAll()).toString()).toBe('one');
  const peer = await second.next();
  expect((await peer.read(3)).toString()).toBe('two');
  peer.send('hello');
  await log.waitFor(`from 127.0.0.1:${second.port}: hello`);
});

test('one object reconnects out of its own onDisconnection, with its fields, and nothing refers to it', async () => {
  const server = closing(await PeerServer.listen());
  const { log } = await start(`
    do
      local c = cumulus:createTCPClient()
      c.count = 0
      function c:onDisconnection()
        self.count = self.count + 1
        collectgarbage() collectgarbage()
        if self.count < 5 then self:connect("127.0.0.1", ${server.port}) else NOTE("done ", self.count) end
      end
      c:connect("127.0.0.1", ${server.port})
    end
  `);
  for (let i = 0; i < 5; i++) (await server.next()).end();
  await log.waitFor('done 5');
});

test('a client that connects out of main.lua, onStart, onManage and a coroutine works the same', async () => {
  const server = closing(await PeerServer.listen());
  const connect = (name: string) =>
    `local c = cumulus:createTCPClient() c:connect("127.0.0.1", ${server.port}) c:send("${name}") c:disconnect()`;
  await start(`
    ${connect('main')}
    function onStart() ${connect('onStart')} end
    function onManage() onManage = nil ${connect('onManage')} end
    coroutine.wrap(function() ${connect('coroutine')} end)()
  `);
  const names: string[] = [];
  for (let i = 0; i < 4; i++) names.push((await (await server.next()).readAll()).toString());
  expect(names.sort()).toEqual(['coroutine', 'main', 'onManage', 'onStart']);
});

test('a client of one application talks to a server of another, over IPv6 as well', async () => {
  const port = await freePort();
  const client = `
    c = cumulus:createTCPClient()
    function c:onReception(data) NOTE(self.peerAddress, " says ", data) end
    c:connect("::1", ${port})
    c:send("hello")`;
  const { log } = await start({
    'a/main.lua': `
      server = cumulus:createTCPServer()
      function server:clientHandler(client)
        function client:onReception(data) self:send(data:upper()) return 0 end
      end
      server:start(${port})`,
    'b/main.lua': client,
  });
  await log.waitFor(`[::1]:${port} says HELLO`);
  closing(await Peer.connect(port, '::1'));
});

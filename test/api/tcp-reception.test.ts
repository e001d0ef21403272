/** What `onReception` returns, and what its next call is given. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import type { Line } from '../support/log-capture.js';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { start, stopAfterEach } from './run-script.js';

stopAfterEach();
const closing = closeAfterEach();

/** A server whose onReception answers with what it was given, in brackets, and returns what `body` does. */
const main = (port: number, body: string) => `server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data)
        self:send("[" .. data .. "]")
        ${body}
      end
      function client:onDisconnection() NOTE("disconnected") end
    end
    assert(server:start(${port}))`;

async function serving(body: string): Promise<{ server: TestServer; peer: Peer }> {
  const port = await freePort();
  return { server: await start(main(port, body)), peer: closing(await Peer.connect(port)) };
}

/** The bodies of the tables below, each an application of one server: a server for each would cost seconds. */
const bodies: string[] = [];
const ports: number[] = [];
let shared: TestServer | undefined;

beforeAll(async () => {
  const files: Record<string, string> = {};
  for (const [i, body] of bodies.entries()) {
    ports[i] = await freePort();
    files[`case${i}/main.lua`] = main(ports[i], body);
  }
  shared = await startServer(files);
});

afterAll(() => shared?.stop());

interface Connected {
  readonly peer: Peer;
  lines(level: Line['level']): Line[];
}

/** Notes a body while the file is read. @returns what connects to it when the tests run */
function prepare(body: string): () => Promise<Connected> {
  const i = bodies.push(body) - 1;
  const own = (line: Line) => line.origin.application === `/case${i}`;
  return async () => ({
    peer: closing(await Peer.connect(ports[i] ?? 0)),
    lines: (level) => shared?.log.lines.filter((line) => line.level === level && own(line)) ?? [],
  });
}

/** What the second call is given after "abc" and then "X" have been sent. */
async function secondCall(peer: Peer): Promise<string> {
  peer.send('abc');
  expect(await peer.readUntil(']')).toBe('[abc]');
  peer.send('X');
  return peer.readUntil(']');
}

const NONE = '[X]';

const QUIET = [
  ['', NONE],
  ['return', NONE],
  ['return nil', NONE],
  ['return 0', NONE],
  ['return -0.0', NONE],
  ['return 0.9', NONE],
  ['return true', NONE],
  ['return false', NONE],
  ['return {}', NONE],
  ['return "text"', NONE],
  ['return ""', NONE],
  ['return print', NONE],
  ['return 0/0', NONE],
  ['return 1/0', NONE],
  ['return -1/0', NONE],
  ['return 1', '[cX]'],
  ['return 1.9', '[cX]'],
  ['return "2"', '[bcX]'],
  ['return "2.0"', '[bcX]'],
  ['return 2, 3', '[bcX]'],
  ['return #data', '[abcX]'],
  ['return #data + 0.5', '[abcX]'],
] as const;

test.each(QUIET.map(([body, expected]) => [body, expected, prepare(body)] as const))(
  'after "%s" the next data is %s, and nothing is logged',
  async (_, expected, connect) => {
    const { peer, lines } = await connect();
    expect(await secondCall(peer)).toBe(expected);
    expect([...lines('warn'), ...lines('error')]).toEqual([]);
  },
);

const WARNED = [
  ['return #data + 1', 4],
  ['return 1e15', 1e15],
  ['return -1', -1],
  ['return -1.5', -1.5],
  ['return "-7"', -7],
] as const;

test.each(WARNED.map(([body, returned]) => [body, returned, prepare(body)] as const))(
  'after "%s" all is kept, with a WARN that names both numbers',
  async (_, returned, connect) => {
    const { peer, lines } = await connect();
    expect(await secondCall(peer)).toBe('[abcX]');
    expect(lines('warn')[0]?.text).toMatch(/^application \/case\d+: onReception returned /);
    expect(lines('warn')[0]?.text).toContain(` returned ${returned}, but there are 3 bytes: all are kept`);
  },
);

const THROWN = [
  ['error("boom")', /www\/case\d+\/main\.lua:5: boom\nstack traceback:\n\s+www\/case\d+\/main\.lua:5: /],
  ['error("boom", 0)', 'boom\n'],
  ['error({ code = 7 })', 'error object { code = 7 }\n'],
  ['error(setmetatable({}, { __tostring = function() return "mine" end }))', 'mine\n'],
  ['error(setmetatable({}, { __tostring = error }))', 'error object {  }\n'],
  ['error(nil)', 'error object: nil\n'],
  ['error()', 'error object: nil\n'],
  ['error(true)', 'error object: true\n'],
  ['error(42)', /(error object: |www.*5: )42\n/],
  ['error(print)', /error object: (builtin|function): ?/],
  ['local x = nil + 1', /www\/case\d+\/main\.lua:5: attempt to perform arithmetic on a nil value/],
  ['self.missing()', /main\.lua:5: attempt to call (a nil value \(field 'missing'\)|field 'missing')/],
] as const;

test.each(
  THROWN.map(([body, message]) => {
    const whole = `if data == "abc" then ${body} end return #data`;
    return [body, message, prepare(whole)] as const;
  }),
)(
  'after "%s" nothing is kept, the connection stays, the next data is normal',
  async (_, message, connect) => {
    const { peer, lines } = await connect();
    expect(await secondCall(peer)).toBe(NONE);
    peer.send('Y');
    expect(await peer.readUntil(']')).toBe('[XY]');
    expect(lines('error')).toHaveLength(1);
    const text = lines('error')[0]?.text ?? '';
    expect(text).toMatch(/^application \/case\d+, onReception: /);
    expect(text).toMatch(message);
  },
);

test('onReception is not called again for what it keeps, only for new data', async () => {
  const { server, peer } = await serving('NOTE("called with ", #data) return #data');
  for (const [text, length] of [
    ['abc', 3],
    ['de', 5],
    ['f', 6],
  ] as const) {
    peer.send(text);
    await server.log.waitFor(`called with ${length}`);
  }
  expect(server.log.texts('note').filter((text) => text.startsWith('called'))).toHaveLength(3);
});

test('without onReception data is dropped and the connection stays', async () => {
  const port = await freePort();
  const server = await start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      client:send("welcome")
      function client:onDisconnection() NOTE("disconnected") end
      self.client = client
    end
    assert(server:start(${port}))
    function onManage()
      local client = server.client
      if client and not client.onReception then
        function client:onReception(data) self:send("now: " .. data) end
        client:send("!")
      end
    end`);
  const peer = closing(await Peer.connect(port));
  peer.send('dropped');
  expect((await peer.read(8)).toString()).toBe('welcome!');
  peer.send('heard');
  expect((await peer.read(10)).toString()).toBe('now: heard');
  expect(server.log.texts('note')).not.toContain('disconnected');
});

test('an onReception that is no function is an error for each reception, and harms nothing', async () => {
  const { server, peer } = await serving('self.onReception = 5');
  peer.send('abc');
  await peer.readUntil(']');
  peer.send('X');
  expect((await server.log.waitFor('attempt to call')).text).toMatch(
    /^application \/, onReception: attempt to call a number value/,
  );
  expect(server.log.texts('note')).not.toContain('disconnected');
});

test('all 256 byte values pass both ways, and back through string.byte', async () => {
  const { peer } = await serving('self:send(string.char(data:byte(1, -1))) return 0');
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  peer.send(bytes);
  expect(await peer.read(514)).toEqual(Buffer.concat([Buffer.from('['), bytes, Buffer.from(']'), bytes]));
});

test.each([3, 1_048_576])(
  'a peer that sends %i bytes and FIN gets all of them back, then FIN',
  async (size) => {
    const port = await freePort();
    const server = await start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data) self:send(data) return 0 end
      function client:onDisconnection() NOTE("disconnected ", self.error) end
    end
    assert(server:start(${port}))`);
    const peer = closing(await Peer.connect(port));
    peer.send(Buffer.alloc(size, 0x80));
    peer.end();
    expect((await peer.readAll()).equals(Buffer.alloc(size, 0x80))).toBe(true);
    await server.log.waitFor('disconnected (null)');
    expect(server.log.texts('error')).toEqual([]);
  },
);

test('a MiB that is kept until it is complete comes back as one string', async () => {
  const size = 1_048_576;
  const port = await freePort();
  await start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data)
        if #data < ${size} then return #data end
        self:send(data)
        return 0
      end
    end
    assert(server:start(${port}))`);
  const peer = closing(await Peer.connect(port));
  const sent = Buffer.from(Array.from({ length: size }, (_, i) => (i * 31 + (i >> 9)) & 0xff));
  peer.send(sent);
  expect((await peer.read(size)).equals(sent)).toBe(true);
});

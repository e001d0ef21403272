import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

/** What calls itself without end; each must end in a Lua error, not in the end of the process. */
const ENDLESS: Readonly<Record<string, string>> = {
  'a function': 'local function f() return 1 + f() end f()',
  pcall: 'local function f() local good, e = pcall(f) if not good then error(e, 0) end end f()',
  __index: 'return setmetatable({}, { __index = function(t, k) return t[k + 1] end })[1]',
  tostring: 'tostring(setmetatable({}, { __tostring = tostring }))',
  'string.gsub': 'local function f() return (string.gsub("a", ".", f)) end f()',
  'table.sort': 'local function f() table.sort({ 3, 1, 2 }, f) end f()',
  coroutines: 'local function f() return coroutine.wrap(f)() end f()',
  'the parser': 'assert((loadstring or load)("return " .. ("("):rep(100000)))',
  'events of sockets': `local function again(client)
      local next = cumulus:createTCPClient()
      function next:onDisconnection() again(self) end
      next:connect('127.0.0.1', 9)
      next:disconnect()
    end
    again()`,
};

let running: TestServer;
let port: number;

beforeAll(async () => {
  port = await freePort();
  const cases = Object.entries(ENDLESS).map(
    ([name, body]) => `[${JSON.stringify(name)}] = function() ${body} end,`,
  );
  running = await startServer(`local cases = { ${cases.join('\n')} }
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data)
        if cases[data] then cases[data]() end
        self:send(data)
        return 0
      end
    end
    assert(server:start(${port}))`);
});

afterAll(() => running.stop());

test.each(Object.keys(ENDLESS))('recursion without end through %s is an error of its event', async (name) => {
  const from = running.log.lines.length;
  const peer = await Peer.connect(port);
  peer.send(name);
  const line = await running.log.waitFor(/overflow|too many syntax levels|too many C levels/, from);
  expect(line.level).toBe('error');
  peer.send('ping');
  expect(await peer.readUntil('ping')).toContain('ping');
  peer.close();
  expect(running.log.texts('error').join('\n')).not.toContain('machine broke');
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LuaEngines } from '../../src/lua/engine/engine.js';
import { LuaVm } from '../../src/lua/vm.js';
import { freePort, LUA_VERSION, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const LIMIT = 32;
const INI = `[lua]\nmemory=${LIMIT}\n`;

const BOMBS: Readonly<Record<string, string>> = {
  'a string that doubles': 'local s = "x" while true do s = s .. s end',
  'string.rep of too much': 'return string.rep("x", 2 ^ 30)',
  'string.rep again and again': 'local t = {} while true do t[#t + 1] = string.rep("x", 100000) .. #t end',
  'a list that grows': 'local t = {} while true do t[#t + 1] = #t end',
  'a table of names that grows': 'local t, i = {}, 0 while true do i = i + 1 t["k" .. i] = i end',
  'tables in tables': 'local t = {} while true do t = { t } end',
  'table.concat': 'local t = {} for i = 1, 10000 do t[i] = ("x"):rep(10000) end return table.concat(t)',
  'string.format': 'local t = {} while true do t[#t + 1] = string.format("%d %s", #t, ("y"):rep(1000)) end',
  'string.gsub': 'local s = ("x"):rep(1000000) while true do s = s:gsub("x", "xx") end',
  coroutines: 'local t = {} while true do t[#t + 1] = coroutine.create(function() end) end',
  'coroutines that have begun': `local t = {}
    while true do t[#t + 1] = coroutine.wrap(function() coroutine.yield() end) t[#t]() end`,
  closures: 'local t = {} while true do local x = #t t[#t + 1] = function() return x end end',
  'bombs inside pcall':
    'while true do pcall(function() local t = {} while true do t[#t + 1] = {} end end) end',
  'objects of the API': 'local t = {} while true do t[#t + 1] = cumulus:createTCPClient() end',
  'an error object that is too large':
    'local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(100000) .. i end error(t)',
};

/** What runs when it receives something but "ping"; what it does is in `work`. */
function serving(port: number, bombs: Readonly<Record<string, string>> = {}): string {
  const functions = Object.entries(bombs).map(
    ([name, body]) => `[${JSON.stringify(name)}] = function() ${body} end,`,
  );
  return `local bombs = { ${functions.join('\n')} }
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data)
        if bombs[data] then bombs[data]() end
        self:send(data)
        return 0
      end
    end
    assert(server:start(${port}))`;
}

async function answers(peer: Peer): Promise<boolean> {
  peer.send('ping');
  return (await peer.read(4)).toString() === 'ping';
}

describe('out of memory in an event', () => {
  let running: TestServer;
  let bombed: Peer;
  let other: Peer;

  beforeAll(async () => {
    const ports = [await freePort(), await freePort()] as const;
    const files = { 'bomb/main.lua': serving(ports[0], BOMBS), 'echo/main.lua': serving(ports[1]) };
    // The list inside pcall has no other end.
    running = await startServer(files, `${INI}timeout=2000\n`);
    bombed = await Peer.connect(ports[0]);
    other = await Peer.connect(ports[1]);
  });

  afterAll(async () => {
    bombed.close();
    other.close();
    await running.stop();
  });

  test.each(Object.keys(BOMBS))('%s is an error of that application, which goes on', async (name) => {
    const from = running.log.lines.length;
    bombed.send(name);
    const line = await running.log.waitFor(/\/bomb, onReception: (?!took)/, from);
    expect(line.level).toBe('error');
    expect(line.text).toMatch(/not enough memory|time limit/);
    expect(await answers(bombed)).toBe(true);
    expect(await answers(other)).toBe(true);
  });

  test('its machine never had to be replaced', () => {
    expect(running.log.texts('error').join('\n')).not.toContain('machine broke');
  });
});

describe('out of memory', () => {
  let running: TestServer | undefined;

  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });

  test('at load fails the application and no other', async () => {
    const port = await freePort();
    const bomb = 'local t = {} while true do t[#t + 1] = ("x"):rep(100000) .. #t end';
    running = await startServer({ 'bomb/main.lua': bomb, 'echo/main.lua': serving(port) }, INI);
    expect(running.log.texts('error').join()).toContain('application /bomb not started: not enough memory');
    const peer = await Peer.connect(port);
    expect(await answers(peer)).toBe(true);
    peer.close();
  });

  test('while received data is handed over loses that data, not the application', async () => {
    const port = await freePort();
    running = await startServer(
      `server = cumulus:createTCPServer()
      function server:clientHandler(client)
        function client:onReception(data) if data ~= 'ping' then return #data end self:send(data) return 0 end
      end
      assert(server:start(${port}))`,
      `${INI}[tcp]\nreceiveLimit=1G\n`,
    );
    const peer = await Peer.connect(port);
    peer.send(Buffer.alloc(40_000_000, 'x'));
    await running.log.waitFor('application /, onReception: not enough memory');
    const again = await Peer.connect(port);
    expect(await answers(again)).toBe(true);
    expect(running.log.texts('error').join('\n')).not.toContain('machine broke');
    for (const each of [peer, again]) each.close();
  });

  test('while a connection is accepted closes it, and the server goes on', async () => {
    const port = await freePort();
    running = await startServer(
      `kept = {}
      server = cumulus:createTCPServer()
      function server:clientHandler(client)
        function client:onReception(data)
          if data == 'free' then kept = {} else self:send(data) end
          return 0
        end
      end
      function onManage()
        if filled then return end
        filled = true
        for size = 20, 4, -1 do
          while pcall(function() kept[#kept + 1] = ('x'):rep(2 ^ size) .. #kept end) do end
        end
        NOTE('full')
      end
      assert(server:start(${port}))`,
      INI,
    );
    await running.log.waitFor('full');
    for (let tries = 0; tries < 20; tries++) {
      const peer = await Peer.connect(port);
      peer.send('ping');
      peer.socket.end();
      await peer.readAll();
      peer.close();
    }
    expect(running.log.texts('fatal')).toEqual([]);
  });
});

describe.each([true, false])('a machine whose exports are direct: %s', (direct) => {
  test.each(Object.entries(BOMBS).filter(([name]) => !name.includes('API')))(
    'survives %s',
    async (_, body) => {
      const errors: string[] = [];
      const events = {
        enter() {},
        leave() {},
        error: (_activity: string, message: string) => errors.push(message),
        broken: (reason: string) => errors.push(`broken: ${reason}`),
      };
      const vm = await LuaVm.create(
        new LuaEngines(),
        { version: LUA_VERSION, memory: LIMIT * 1_048_576, direct },
        events,
      );
      expect(vm.raw.direct).toBe(direct);
      const bounded = body.replace('while true do pcall', 'for _ = 1, 3 do pcall');
      run(vm, bounded === body ? body : `${bounded} error('not enough memory', 0)`);
      expect(errors.splice(0)).toEqual([expect.stringContaining('not enough memory')]);
      run(
        vm,
        'local s = ("x"):rep(1000000) assert(#s == 1000000) local t = {} for i = 1, 10000 do t[i] = "k" .. i end',
      );
      expect(errors).toEqual([]);
    },
  );
});

function run(vm: LuaVm, source: string): void {
  if (!vm.enter('test')) return;
  try {
    vm.compile(Buffer.from(source), '@test');
    vm.call(0, 0);
  } catch (error) {
    vm.fail(error);
  } finally {
    vm.leave();
  }
}

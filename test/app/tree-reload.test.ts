import { afterEach, expect, test } from 'vitest';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

async function start(files: Readonly<Record<string, string>>, ini = ''): Promise<TestServer> {
  running = await startServer(files, `${ini}[reload]\nenabled=false\n`);
  expect(running.log.texts('error')).toEqual([]);
  return running;
}

/** Has /probe run `script`; what it NOTEs. */
async function ask(script: string): Promise<string[]> {
  if (!running) throw new Error('not running');
  const { log, server, write } = running;
  const from = log.lines.length;
  write('probe/main.lua', `-- ${from}\n${script}`);
  await server.refresh();
  const lines = log.lines.slice(from);
  expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  return lines
    .filter(({ level, text }) => level === 'note' && !text.includes('reloaded as'))
    .map(({ text }) => text);
}

const HOLDER = { 'main.lua': 'kept = {}', 'probe/main.lua': '' };

test("after a reload a child's name reaches its new version", async () => {
  const { write, server } = await start({ ...HOLDER, 'kid/main.lua': 'function answer() return 1 end' });
  expect(await ask('NOTE(kid.answer()) super.held = kid')).toEqual(['1']);
  write('kid/main.lua', 'function answer() return "two" end');
  await server.refresh();
  expect(await ask('NOTE(kid.answer()) NOTE(held.answer(), held == kid)')).toEqual(['two', 'two(true)']);
});

test("a child's super reaches the new version of its parent, and reads its new globals", async () => {
  const { write, server, log } = await start({
    'main.lua': 'x = "one"',
    'kid/main.lua': 'function look() return x .. super.x end',
    'probe/main.lua': '',
  });
  expect(await ask('NOTE(kid.look())')).toEqual(['oneone']);
  write('main.lua', 'x = "two"');
  await server.refresh();
  expect(await ask('NOTE(kid.look())')).toEqual(['twotwo']);
  expect(log.texts('error')).toEqual([]);
});

/** In which of the four lines of uses each one is. */
const PLACES = [0, 0, 0, 1, 1, 2, 2, 3, 3, 3];

const OLD = 'application /Games/x was reloaded: this value belongs to its old version';

test('a value of an old version raises an error that names the application, at every use of it', async () => {
  const { write, server } = await start({
    'main.lua': `
      function hold(f, t) held_f, held_t = f, t end
      function try()
        local messages = {}
        for i, use in ipairs({
          function() held_f() end, function() return held_t.a end, function() held_t.a = 1 end,
          function() return #held_t end, function() for _ in pairs(held_t) do end end,
          function() for _ in ipairs(held_t) do end end, function() return tostring(held_t) end,
          function() return held_t + 1 end, function() held_t() end, function() x.take(held_t) end,
        }) do
          local ok, message = pcall(use)
          messages[i] = message or 'no error'
        end
        return messages
      end
    `,
    'Games/x/main.lua': 'hold(function() end, { 1 })',
    'probe/main.lua': '',
  });
  write('Games/x/main.lua', 'function take() end');
  await server.refresh();
  const got = await ask('for _, message in ipairs(try()) do NOTE(message) end');
  expect(got).toHaveLength(10);
  for (const [i, text] of got.entries()) {
    expect(text).toContain(OLD);
    // Lua 5.4's own `ipairs` stands between the script and the host.
    if (text !== OLD) expect([i, text]).toEqual([i, `www/main.lua:${6 + (PLACES[i] ?? 0)}: ${OLD}`]);
  }
  expect(got.filter((text) => text === OLD).length).toBeLessThanOrEqual(1);
});

test('a value of an old version cannot be handed on', async () => {
  const { write, server } = await start({
    ...HOLDER,
    'Games/x/main.lua': 'kept.f = function() end kept.t = {}',
  });
  write('Games/x/main.lua', '');
  await server.refresh();
  const got = await ask(`
    for _, name in ipairs({ 'f', 't' }) do NOTE(select(2, pcall(function() return kept[name] end))) end
  `);
  expect(got).toEqual([`www/probe/main.lua:3: ${OLD}`, `www/probe/main.lua:3: ${OLD}`]);
});

test('an application that was removed is nil by name, and its values say so', async () => {
  const { remove, server } = await start({
    'main.lua': `
      function try(f) return select(2, pcall(f)) end
      function look() return try(function() return held() end), try(function() return app.x end), kid end
    `,
    'kid/main.lua': 'super.held = function() return 1 end super.app = _G x = 1',
    'probe/main.lua': '',
  });
  expect(await ask('local a, b, c = look() NOTE(a, b, type(c))')).toEqual(['11table']);
  remove('kid');
  await server.refresh();
  const got = await ask('local a, b, c = look() NOTE(a) NOTE(b) NOTE(c)');
  expect(got.slice(-3)).toEqual([
    'www/main.lua:3: application /kid was removed',
    'www/main.lua:3: application /kid was removed',
    '(null)',
  ]);
});

test('an application that appears is there by name; its children find their new parent', async () => {
  const { write, server } = await start({
    'main.lua': 'id = "root"',
    'a/b/main.lua': 'function parent() return super.id end',
    'probe/main.lua': '',
  });
  expect(await ask('NOTE(b.parent(), a)')).toEqual(['root(null)']);
  write('a/main.lua', 'id = "a"');
  await server.refresh();
  expect(await ask('NOTE(a.id, a.b.parent(), rawget(_G, "b"))')).toEqual(['aa(null)']);
});

test('a parent whose reload is rolled back answers as before', async () => {
  const { write, server, log } = await start({
    'main.lua': 'function answer() return "one" end',
    'kid/main.lua': 'function look() return answer() end',
    'probe/main.lua': '',
  });
  write('main.lua', 'function answer() return "two" end error("boom")');
  await server.refresh();
  expect(log.texts('error')).toHaveLength(1);
  expect(await ask('NOTE(kid.look())')).toEqual(['one']);
});

test('a parent that fails to start is not running: its names are skipped, super says so', async () => {
  running = await startServer({
    'main.lua': 'x = "root"',
    'a/main.lua': 'x = "a" error("boom")',
    'a/b/main.lua': 'NOTE(x) NOTE(select(2, pcall(function() return super.x end)))',
  });
  expect(running.log.texts('note').slice(0, 2)).toEqual([
    'root',
    'www/a/b/main.lua:1: application /a is not running',
  ]);
});

test('onStop can call other applications; they are stopped children first', async () => {
  const { log } = await start({
    'main.lua': 'function bye(who) NOTE("bye ", who) end function onStop() NOTE("root stops") end',
    'kid/main.lua': 'function onStop() super.bye("kid") end',
  });
  await running?.server.stop();
  expect(log.texts('error')).toEqual([]);
  expect(log.texts('note').slice(-2)).toEqual(['bye kid', 'root stops']);
});

test('while an old version drains it calls others, with functions of its own', async () => {
  const port = await freePort();
  const script = (name: string) => `
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      client:send('${name}\\n')
      function client:onReception(data)
        self:send(super.map(data, function(s) return '${name} ' .. s:upper() end) .. '\\n')
        return 0
      end
    end
    assert(server:start(${port}))
  `;
  running = await startServer(
    { 'main.lua': 'function map(s, f) return f(s) end', 'kid/main.lua': script('one') },
    '[reload]\nenabled=false\ndrain=30\n',
  );
  const peer = await Peer.connect(port);
  expect(await peer.readUntil()).toBe('one\n');
  running.write('kid/main.lua', script('two'));
  await running.server.refresh();
  peer.send('abc');
  expect(await peer.readUntil()).toBe('one ABC\n');
  peer.close();
  expect(running.log.texts('error')).toEqual([]);
});

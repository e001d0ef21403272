import { afterEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';

let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** What the applications NOTEd, when none of them had an error. */
async function notes(files: Readonly<Record<string, string>>): Promise<string[]> {
  running = await startServer(files);
  expect(running.log.texts('error')).toEqual([]);
  return running.log.texts('note').filter((text) => !text.includes('applications running'));
}

test("a child reads its parent's globals, as they are at that time", async () => {
  const got = await notes({
    'main.lua': 'name = "root" function rename(n) name = n end',
    'kid/main.lua': 'NOTE(name) rename("other") NOTE(name)',
  });
  expect(got).toEqual(['root', 'other']);
});

test("a child's own global comes first, and writing one leaves the parent's as it was", async () => {
  const got = await notes({
    'main.lua': 'name = "root" function mine() return name end',
    'kid/main.lua': 'name = "kid" NOTE(name, mine(), super.name) name = nil NOTE(name)',
  });
  expect(got).toEqual(['kidrootroot', 'root']);
});

test('globals are found above the parent, too, over folders that are no applications', async () => {
  const got = await notes({
    'main.lua': 'top = "top"',
    'Games/chess/main.lua': 'middle = "middle"',
    'Games/chess/blitz/main.lua': 'NOTE(top, middle, super.top, super.middle)',
  });
  expect(got).toEqual(['topmiddletopmiddle']);
});

test('super is the parent: the nearest folder above that is an application', async () => {
  const got = await notes({
    'main.lua': 'id = "root" NOTE(super)',
    'Games/chess/main.lua': 'id = "chess" NOTE(super.id)',
    'Games/chess/blitz/main.lua': `
      id = 'blitz'
      NOTE(super.id, super.super.id, super.super.super)
      super.answer = 42
      NOTE(super.answer, rawget(_G, 'answer'))
      assert(super == super and super.super == super.super and super ~= super.super)
    `,
  });
  expect(got).toEqual(['(null)', 'root', 'chessroot(null)', '42(null)']);
});

test('an own global that is called super wins', async () => {
  expect(await notes({ 'main.lua': '', 'kid/main.lua': 'super = "mine" NOTE(super)' })).toEqual(['mine']);
});

test('a parent reaches a child by its folder name: calls, reads and writes', async () => {
  const got = await notes({
    'main.lua': `
      function look()
        NOTE(kid.answer(2), kid.name)
        kid.x = 1
        NOTE(kid.x, x, type(kid), kid == kid)
      end
    `,
    'kid/main.lua': 'name = "kid" function answer(n) return n * 21 end look() NOTE(x)',
  });
  expect(got).toEqual(['42kid', '1(null)table(true)', '1']);
});

test('a child is found below a folder that is no application; one that is not there is nil', async () => {
  const got = await notes({
    'main.lua': 'function look() NOTE(chess.name) NOTE(Games, nobody, chess.nobody) end',
    'Games/chess/main.lua': 'name = "chess" look()',
  });
  expect(got).toEqual(['chess', '(null)(null)(null)']);
});

test("a parent's own global of a child's name wins", async () => {
  const got = await notes({
    'main.lua': 'kid = "mine" function look() NOTE(kid) kid = nil NOTE(kid.name) end',
    'kid/main.lua': 'name = "kid" look()',
  });
  expect(got).toEqual(['mine', 'kid']);
});

test('siblings see each other as their parent does', async () => {
  const got = await notes({
    'main.lua': '',
    'a/main.lua': 'name = "a"',
    'b/main.lua': 'NOTE(a.name, super.a.name)',
  });
  expect(got).toEqual(['aa']);
});

test('an application that another one asks for while they are loaded is started then', async () => {
  const got = await notes({
    'main.lua': 'NOTE("main") NOTE(kid.answer(2)) function onStart() NOTE("start", kid.late.name) end',
    'kid/main.lua':
      'NOTE("kid ", super.id) function answer(n) return n * 21 end function onStart() NOTE("kid starts") end',
    'kid/late/main.lua': 'name = "late" NOTE("late")',
  });
  expect(got).toEqual(['main', 'kid (null)', 'kid starts', '42', 'late', 'startlate']);
});

test('one that fails when it is asked for is nil, and its error is logged once', async () => {
  running = await startServer({
    'main.lua': 'NOTE(kid)',
    'kid/main.lua': 'error("boom")',
  });
  expect(running.log.texts('note')[0]).toBe('(null)');
  const errors = running.log.texts('error');
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(/^application \/kid not started: www\/kid\/main.lua:1: boom/);
});

test('events are never inherited, neither called nor read', async () => {
  const events = (name: string) => `
    function onStart(path) NOTE('${name} starts ', path) end
    function onStop(path) NOTE('${name} stops ', path) end
    function onManage() managed = (managed or 0) + 1 end
  `;
  const got = await notes({
    'main.lua': `${events('root')} function count() return managed end`,
    'kid/main.lua': 'NOTE(onStart, onStop, onManage, onConnection, type(super.onStart)) NOTE(count())',
  });
  expect(got).toEqual(['root starts ', '(null)(null)(null)(null)function', '1']);
  await running?.server.stop();
  expect(running?.log.texts('note').filter((text) => text.includes('stops'))).toEqual(['root stops ']);
});

test('an application that comes home is its own table of globals', async () => {
  const got = await notes({
    'main.lua': `
      function same(a, b) return a == b and a == kid end
      function give() return kid, _G end
    `,
    'kid/main.lua': `
      NOTE(same(_G, _G))
      local me, root = give()
      NOTE(me == _G, root == super)
    `,
  });
  expect(got).toEqual(['(true)', '(true)(true)']);
});

test('a standard function that a script has replaced is seen by its children only as super.name', async () => {
  const got = await notes({
    'main.lua': 'function tostring() return "mine" end',
    'kid/main.lua': 'NOTE(tostring(1), super.tostring(1))',
  });
  expect(got).toEqual(['1mine']);
});

test('pairs of an application gives its own globals', async () => {
  const got = await notes({
    'main.lua': 'one = 1 two = 2',
    'kid/main.lua':
      'mine = 1 local n = 0 for k, v in pairs(super) do if type(v) == "number" then n = n + v end end NOTE(n)',
  });
  expect(got).toEqual(['3']);
});

test('a name with bytes beyond ASCII names a global and a child', async () => {
  const got = await notes({
    'main.lua': '_G["grüße"] = "hallo" function look() NOTE(_G["bücher"].name) end',
    'bücher/main.lua': 'name = "b" NOTE(_G["grüße"]) look()',
  });
  expect(got).toEqual(['hallo', 'b']);
});

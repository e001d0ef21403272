/** NOTE, ERROR and the others, and print. The formats of the lines themselves: test/log. */
import { expect, test } from 'vitest';
import { LUA_VERSION } from '../support/server.js';
import { notesOf, start, stopAfterEach } from './run-script.js';

stopAfterEach();

test('arguments are joined without a separator, strings and numbers as Lua writes them', async () => {
  const notes = await notesOf(`
    NOTE("a", 1, "b", 2.5, -3, 1e100, " ", "c")
    NOTE()
    NOTE("")
    NOTE(nil, true, false, nil)
    NOTE(10 / 2, " ", 2 ^ 53)
  `);
  const [five, large] = LUA_VERSION === '5.1' ? ['5', '9.007199254741e+15'] : ['5.0', '9.007199254741e+15'];
  expect(notes).toEqual(['a1b2.5-31e+100 c', '', '', '(null)(true)(false)(null)', `${five} ${large}`]);
});

test('other values are named by their type and address', async () => {
  const [note] = await notesOf(
    `NOTE({}, " ", print, " ", coroutine.create(print), " ", io and io.stdout or {})`,
  );
  expect(note).toMatch(/^table_[0-9a-f]{16} function_[0-9a-f]{16} thread_[0-9a-f]{16} \w+_[0-9a-f]{16}$/);
});

test('an object of the API is a table, also with a __tostring of its own', async () => {
  const [note] = await notesOf(
    `NOTE(cumulus:createTCPClient(), " ", setmetatable({}, { __tostring = error }))`,
  );
  expect(note).toMatch(/^table_[0-9a-f]{16} table_[0-9a-f]{16}$/);
});

test('each function logs at its level, with the file and line of its caller', async () => {
  const { log } = await start({
    'app/main.lua': `ERROR("e")
WARN("w")
NOTE("n")
INFO("i")
DEBUG("d")
TRACE("t")
FATAL("f") CRITIC("c")`,
  });
  const own = log.lines.filter(({ origin }) => origin.application === '/app' && origin.line);
  expect(own.map(({ level, text, origin }) => [level, text, origin.file, origin.line])).toEqual([
    ['error', 'e', 'app/main.lua', 1],
    ['warn', 'w', 'app/main.lua', 2],
    ['note', 'n', 'app/main.lua', 3],
    ['info', 'i', 'app/main.lua', 4],
    ['debug', 'd', 'app/main.lua', 5],
    ['trace', 't', 'app/main.lua', 6],
    ['fatal', 'f', 'app/main.lua', 7],
    ['critic', 'c', 'app/main.lua', 7],
  ]);
});

test('the file is the last folder and the name, the line is right in functions, coroutines and tail calls', async () => {
  const { log } = await start({
    'Games/my game/main.lua': `local function inner()
  NOTE("in a function")
end
inner()
coroutine.wrap(function()
  NOTE("in a coroutine")
end)()
pcall(NOTE, "through pcall")
local function tail() return NOTE("tail") end
tail()`,
  });
  const places = log.lines
    .filter(({ origin }) => origin.line)
    .map(({ text, origin }) => `${origin.file}[${origin.line}] ${text}`);
  expect(places.slice(0, 3)).toEqual([
    'my game/main.lua[2] in a function',
    'my game/main.lua[6] in a coroutine',
    'my game/main.lua[8] through pcall',
  ]);
});

test('nothing is cut: not at NUL, not at 699 characters; text that is no UTF-8 does no harm', async () => {
  const notes = await notesOf(`
    NOTE("a\\0b")
    NOTE(string.rep("x", 100000))
    NOTE("Zoë ", "\\255", " \\195\\188")
    NOTE("Z\\195", "\\188")
  `);
  expect(notes[0]).toBe('a\0b');
  expect(notes[1]).toBe('x'.repeat(100_000));
  expect(notes[2]).toBe('Zoë \ufffd ü');
  expect(notes[3]).toBe('Zü');
});

test('print writes its arguments with tabs between them, by tostring, at no level', async () => {
  const { log } = await start(`
    print("a", 1, nil, true, setmetatable({}, { __tostring = function() return "mine" end }))
    print()
    print("line one\\nline two")
  `);
  expect(log.texts('print')).toEqual(['a\t1\tnil\ttrue\tmine', '', 'line one\nline two']);
});

test('a bad __tostring is an error of print, with its position', async () => {
  const { log } = await start(`print(setmetatable({}, { __tostring = function() error("no text") end }))`);
  expect(log.texts('error').join()).toMatch(/www\/main\.lua:1: no text/);
});

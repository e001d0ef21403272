import { expect, test } from 'vitest';
import { notesOf, stopAfterEach } from '../api/run-script.js';

stopAfterEach();

test('integers of more than 32 bits are formatted as they are', async () => {
  const format = '"%d|%13d|%-15d|%+d|%i|%5d%%|%s|%x|%X|%12x|%-10x|"';
  const values = '2^31, 1355500800000, 2^40, 2^31, -2^40, 7, "x", 2^40 + 255, 2^32 - 1, 2^32, 2^33';
  expect(
    await notesOf(`
      NOTE(string.format(${format}, ${values}))
      NOTE(("%d %d"):format(-2^31 - 1, 2^53))
      local now = cumulus.epochTime
      NOTE(string.format("%d", now) == string.format("%.0f", now) and "same ms" or "other")
    `),
  ).toEqual([
    '2147483648|1355500800000|1099511627776  |+2147483648|-1099511627776|    7%|x|100000000ff|FFFFFFFF|   100000000|200000000 |',
    '-2147483649 9007199254740992',
    'same ms',
  ]);
});

test('errors of string.format name it and the place', async () => {
  const notes = await notesOf(`
    local function message(...)
      local _, text = pcall(function(...) local s = string.format(...) return s end, ...)
      return text
    end
    NOTE(message("%d", nil))
    NOTE(message("%d %d", 2^40))
    NOTE(message("%y", 1))
    NOTE(message())
    NOTE(message("%123f", 1))
    NOTE(message("%1000d", 1))
    NOTE(string.format("%d", 5) and message("%d", {}))
    NOTE(string.format("%s", "x") and message("%s"))
    NOTE(string.format("%d %s", 5, "x") and message("%d %s", 5))
  `);
  expect(notes).toHaveLength(9);
  for (const note of notes)
    expect(note).toMatch(/^www\/main\.lua:3: (bad argument #\d.*to 'format'|invalid (?!.*cumulus))/);
});

test('negative numbers are written as hexadecimal of 64 bits, as LuaJIT does', async () => {
  const notes = await notesOf('NOTE(("%x %X %08x %d"):format(-1, -2, -2^40, -5))');
  expect(notes).toEqual(['ffffffffffffffff FFFFFFFFFFFFFFFE ffffff0000000000 -5']);
});

test('a format means the same the first time, the second, and after hundreds of others', async () => {
  const notes = await notesOf(`
    local function line()
      return string.format("%d|%5.1f|%-4s|%c|%%|%x|%o|%u|%g", 7, 2.25, "ab", 65, 255, 8, 9, 1.5)
        .. string.format("%05d", "12") .. string.format("%q", 'a"b') .. string.format("%s", 5) .. string.format("none")
    end
    local first = line()
    for i = 1, 600 do string.format("%d" .. i, i) end
    NOTE(first)
    NOTE(line() == first, line() == first)
  `);
  expect(notes).toEqual(['7|  2.2|ab  |A|%|ff|10|9|1.500012"a\\"b"5none', '(true)(true)']);
});

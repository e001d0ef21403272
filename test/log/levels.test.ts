import { expect, test } from 'vitest';
import { LEVELS, parseLevel } from '../../src/logger.js';

test('the levels have the numbers of the original', () => {
  expect(Object.entries(LEVELS)).toEqual([
    ['fatal', 1],
    ['critic', 2],
    ['error', 3],
    ['warn', 4],
    ['note', 5],
    ['info', 6],
    ['debug', 7],
    ['trace', 8],
  ]);
});

test.each([
  ['0', 0],
  ['8', 8],
  [' 7 ', 7],
  ['nothing', 0],
  ['Note', 5],
  ['TRACE', 8],
])('the level %o is %d', (text, level) => {
  expect(parseLevel(text)).toBe(level);
});

test.each(['9', '-1', '1.5', '', 'print', 'warning', '07', 'constructor'])('%o is no level', (text) => {
  expect(parseLevel(text)).toBeUndefined();
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fileFormat,
  formatJournal,
  formatJson,
  formatPlain,
  type LineFormat,
  terminalFormat,
} from '../../src/log/format.js';

const TIME = new Date(2012, 10, 22, 16, 56, 17, 987).getTime();
const ORIGIN = { application: '/app', file: 'www/main.lua', line: 2 };

describe('the plain format', () => {
  test('shows level, place and text as the original does', () => {
    expect(formatPlain('note', 'hello', ORIGIN, TIME)).toBe('NOTE  www/main.lua[2] hello\n');
  });

  test.each([
    ['fatal', 'FATAL x\n'],
    ['critic', 'CRITIC x\n'],
    ['error', 'ERROR x\n'],
    ['warn', 'WARN  x\n'],
    ['info', 'INFO  x\n'],
    ['debug', 'DEBUG x\n'],
    ['trace', 'TRACE x\n'],
    ['print', 'x\n'],
  ] as const)('pads the level %s', (kind, line) => {
    expect(formatPlain(kind, 'x', undefined, TIME)).toBe(line);
  });

  test('leaves out the line number, or the place, when there is none', () => {
    expect(formatPlain('note', 'x', { file: 'www/main.lua' }, TIME)).toBe('NOTE  www/main.lua x\n');
    expect(formatPlain('note', 'x', { application: '/app', line: 3 }, TIME)).toBe('NOTE  x\n');
  });

  test('indents the lines of a traceback, and drops line feeds at the end', () => {
    expect(formatPlain('error', 'a\nERROR b\n\n', ORIGIN, TIME)).toBe(
      'ERROR www/main.lua[2] a\n    ERROR b\n',
    );
  });

  test('escapes control characters but the tab, in the file name too', () => {
    const text = 'a\0b\rc\x1b[31md\te\x7f\x85f\u2028g';
    expect(formatPlain('note', text, { file: 'w\n\x1bx.lua', line: 1 }, TIME)).toBe(
      'NOTE  w\\x0a\\x1bx.lua[1] a\\x00b\\x0dc\\x1b[31md\te\\x7f\\x85f\\u2028g\n',
    );
  });

  test('leaves letters of every script and characters beyond 16 bits alone', () => {
    expect(formatPlain('note', 'naïve 日本 😀', undefined, TIME)).toBe('NOTE  naïve 日本 😀\n');
  });
});

describe('the format for journald', () => {
  test('puts the priority before each physical line', () => {
    expect(formatJournal('error', 'a\n<0>b', ORIGIN, TIME)).toBe('<3>ERROR www/main.lua[2] a\n<3>    <0>b\n');
  });

  test.each([
    ['fatal', 1],
    ['critic', 2],
    ['error', 3],
    ['warn', 4],
    ['note', 5],
    ['info', 6],
    ['debug', 7],
    ['trace', 7],
    ['print', 6],
  ] as const)('%s has priority %d', (kind, priority) => {
    expect(formatJournal(kind, '<0>x', undefined, TIME)).toMatch(new RegExp(`^<${priority}>`));
  });
});

describe('the format for a terminal', () => {
  test('begins with the local time', () => {
    expect(terminalFormat(false)('note', 'hello', ORIGIN, TIME)).toBe(
      '16:56:17.9 NOTE  www/main.lua[2] hello\n',
    );
  });

  test('colours the level alone, so that the columns stay', () => {
    expect(terminalFormat(true)('warn', 'hello', ORIGIN, TIME)).toBe(
      '\x1b[2m16:56:17.9\x1b[0m \x1b[33mWARN\x1b[0m  www/main.lua[2] hello\n',
    );
  });

  test('leaves the output of print bare', () => {
    expect(terminalFormat(true)('print', 'a\tb', undefined, TIME)).toBe('a\tb\n');
  });

  test('follows the clock from one tenth of a second to the next', () => {
    const format = terminalFormat(false);
    expect(format('info', 'x', undefined, TIME)).toMatch(/^16:56:17\.9 /);
    expect(format('info', 'x', undefined, TIME + 12)).toMatch(/^16:56:17\.9 /);
    expect(format('info', 'x', undefined, TIME + 13)).toMatch(/^16:56:18\.0 /);
  });
});

test('the log files have the columns of the original', () => {
  const format = fileFormat();
  expect(format('note', 'hello', ORIGIN, TIME)).toBe(
    '22/11 16:56:17.9  NOTE\tmain\twww/main.lua[2]  hello\n',
  );
  expect(format('critic', 'a\nb', undefined, TIME)).toBe('22/11 16:56:17.9  CRITIC\tmain\ta\n    b\n');
});

describe('whatever the text', () => {
  const formats: Record<string, LineFormat> = {
    plain: formatPlain,
    journal: formatJournal,
    terminal: terminalFormat(false),
    file: fileFormat(),
    json: formatJson,
  };
  const anyText = fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) });

  test.each(Object.entries(formats))('%s makes one record that cannot pass for two', (_name, format) => {
    fc.assert(
      fc.property(anyText, (text) => {
        const line = format('note', text, ORIGIN, TIME);
        expect(line.endsWith('\n')).toBe(true);
        const [, ...others] = line.slice(0, -1).split('\n');
        for (const other of others) expect(other).toMatch(/^(<5>)? {4}/);
        expect(line).not.toMatch(/(?![\t\n])[\p{Cc}\u2028\u2029]/u);
      }),
    );
  });
});

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLogger, LEVELS, type LevelName, type LogOptions, type LogStreams } from '../../src/logger.js';
import { Pipe, scratchFolder } from './capture.js';

const NAMES = Object.keys(LEVELS) as LevelName[];
const ORIGIN = { application: '/app', file: 'www/main.lua', line: 2 };

function options(changes: Partial<LogOptions> = {}): LogOptions {
  return { level: 8, format: 'text', name: 'log', size: 1_000_000, files: 10, ...changes };
}

/** What a logger writes to a pipe as its stdout while `use` has it. */
async function written(
  changes: Partial<LogOptions>,
  use: (logger: ReturnType<typeof createLogger>) => void,
  streams: LogStreams = {},
): Promise<string> {
  const pipe = new Pipe();
  const logger = createLogger(options(changes), { stdoutFd: pipe.fd, isTTY: false, env: {}, ...streams });
  use(logger);
  await logger.close();
  return pipe.read();
}

describe('the level', () => {
  test.each(NAMES)('%s lets the lines up to it through, and no others', async (level) => {
    const text = await written({ level: LEVELS[level] }, (logger) => {
      for (const name of NAMES) logger[name]('x');
      for (const name of NAMES) expect(logger.isEnabled(name)).toBe(LEVELS[name] <= LEVELS[level]);
    });
    const expected = NAMES.filter((name) => LEVELS[name] <= LEVELS[level]).map((name) => name.toUpperCase());
    expect(text.match(/^[A-Z]+/gm)).toEqual(expected);
  });

  test.each(['text', 'json'] as const)('0 lets nothing through but print, in %s', async (format) => {
    const text = await written({ level: 0, format }, (logger) => {
      for (const name of NAMES) logger.log(name, 'logged', ORIGIN);
      for (const name of NAMES) expect(logger.isEnabled(name)).toBe(false);
      logger.print('printed');
    });
    expect(text).toContain('printed');
    expect(text).not.toContain('logged');
  });
});

describe('text on stdout', () => {
  test('keeps the order of log lines and print', async () => {
    const text = await written({}, (logger) => {
      logger.log('note', 'one', ORIGIN);
      logger.print('two\t2');
      logger.error('three %s %d');
    });
    expect(text).toBe('NOTE  www/main.lua[2] one\ntwo\t2\nERROR three %s %d\n');
  });

  test('replaces lone surrogates', async () => {
    expect(await written({}, (logger) => logger.note('a\ud800b'))).toBe('NOTE  a\ufffdb\n');
  });

  test('has an empty text as an empty line', async () => {
    expect(await written({}, (logger) => logger.note('', ORIGIN))).toBe('NOTE  www/main.lua[2] \n');
  });

  test('is coloured on a terminal under auto, unless NO_COLOR is set or the terminal is dumb', async () => {
    const use = (logger: ReturnType<typeof createLogger>) => logger.note('x');
    const on = (format: LogOptions['format'], env: NodeJS.ProcessEnv) =>
      written({ format }, use, { isTTY: true, env });
    const plain = /^\d\d:\d\d:\d\d\.\d NOTE {2}x\n$/;
    expect(await on('auto', {})).toContain('\x1b[32mNOTE\x1b[0m');
    expect(await on('auto', { NO_COLOR: '' })).toContain('\x1b[32mNOTE\x1b[0m');
    expect(await on('auto', { NO_COLOR: '1' })).toMatch(plain);
    expect(await on('auto', { TERM: 'dumb' })).toMatch(plain);
    expect(await on('text', {})).toMatch(plain);
  });
});

describe('under systemd', () => {
  async function journalled(format: LogOptions['format'], isTTY: boolean, stream?: string): Promise<string> {
    const pipe = new Pipe();
    const { dev, ino } = fstatSync(pipe.fd);
    const env = { JOURNAL_STREAM: stream ?? `${dev}:${ino}` };
    const logger = createLogger(options({ format }), { stdoutFd: pipe.fd, isTTY, env });
    logger.warn('x');
    await logger.close();
    return pipe.read();
  }

  test('auto gives the priority to the journal', async () => {
    expect(await journalled('auto', false)).toBe('<4>WARN  x\n');
  });

  test('text stays plain', async () => {
    expect(await journalled('text', false)).toBe('WARN  x\n');
  });

  test('a JOURNAL_STREAM that is inherited but not stdout does not count', async () => {
    expect(await journalled('auto', false, '1:2')).toBe('WARN  x\n');
  });
});

describe('JSON', () => {
  test('is one object a line, with time, level, place and text', async () => {
    const before = new Date().toISOString();
    const text = await written({ format: 'json' }, (logger) => {
      logger.note('a "quoted"\nline\x1b', ORIGIN);
      logger.critic('no place');
      logger.print('printed');
    });
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(lines).toEqual([
      { level: 'note', time, ...ORIGIN, text: 'a "quoted"\nline\x1b' },
      { level: 'critic', time, text: 'no place' },
      { level: 'print', time, text: 'printed' },
    ]);
    expect(lines[0].time >= before).toBe(true);
  });

  test('escapes what JSON lets through but a terminal or a line reader takes for more than text', async () => {
    const text = await written({ format: 'json' }, (logger) => logger.note('a\x9bb\x7fc\u2028d'));
    expect(text).toContain('"a\\u009bb\\u007fc\\u2028d"');
    expect(JSON.parse(text).text).toBe('a\x9bb\x7fc\u2028d');
  });

  test('stays JSON on a terminal and with lone surrogates, short and long', async () => {
    const use = (logger: ReturnType<typeof createLogger>) => {
      logger.note('\udc00');
      logger.note(`\udc00${'x'.repeat(200)}`);
    };
    const text = await written({ format: 'json' }, use, { isTTY: true });
    for (const line of text.trimEnd().split('\n')) expect(JSON.parse(line).level).toBe('note');
  });
});

describe('a regular file as stdout', () => {
  test('gets everything, in order, by flushSync with a write under way and by close', async () => {
    const path = join(scratchFolder(), 'out');
    const fd = openSync(path, 'w');
    onTestFinished(() => closeSync(fd));
    const logger = createLogger(options(), { stdoutFd: fd, isTTY: false });
    for (let number = 0; number < 5000; number++) logger.note(String(number));
    // Two turns later the first batch is with the system.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    for (let number = 5000; number < 6000; number++) logger.note(String(number));
    logger.flushSync();
    logger.note('6000');
    await logger.close();
    const expected = Array.from({ length: 6001 }, (_, number) => `NOTE  ${number}\n`).join('');
    expect(readFileSync(path, 'utf8')).toBe(expected);
  });
});

test('what is logged after close is dropped, and close can be called again', async () => {
  const pipe = new Pipe();
  const logger = createLogger(options(), { stdoutFd: pipe.fd, isTTY: false });
  logger.note('before');
  const closing = logger.close();
  logger.note('after');
  await closing;
  logger.note('later');
  logger.print('later');
  logger.flushSync();
  logger.reopen();
  await logger.close();
  expect(await pipe.read()).toBe('NOTE  before\n');
});

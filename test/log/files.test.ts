import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MAX_BYTES } from '../../src/log/queue.js';
import { createLogger, type LogOptions, type ManagedLogger } from '../../src/logger.js';
import { Pipe, scratchFolder } from './capture.js';

interface Case {
  logger: ManagedLogger;
  folder: string;
  /** The path of NAME.0, or of another one. */
  file: (number?: number) => string;
  stderr: Pipe;
}

/** A logger with log files in a new folder; `before` runs before it is created. */
function withFiles(changes: Partial<LogOptions> = {}, before?: (folder: string) => void): Case {
  const folder = join(scratchFolder(), 'logs');
  before?.(folder);
  const stderr = new Pipe();
  const defaults = { level: 8, format: 'text', name: 'log', size: 1_000_000, files: 10 } as const;
  const streams = { stdoutFd: devNull(), stderrFd: stderr.fd, isTTY: false };
  const logger = createLogger({ ...defaults, directory: folder, ...changes }, streams);
  onTestFinished(() => logger.close());
  return { logger, folder, file: (number = 0) => join(folder, `log.${number}`), stderr };
}

function devNull(): number {
  const fd = openSync('/dev/null', 'w');
  onTestFinished(() => closeSync(fd));
  return fd;
}

function numbersIn(text: string): number[] {
  return [...text.matchAll(/line (\d+)/g)].map((match) => Number(match[1]));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

/** Every file of the folder, the oldest first. */
function readAll(folder: string): string {
  const numbers = readdirSync(folder).map((name) => Number(name.split('.')[1]));
  const oldestFirst = numbers.sort((a, b) => b - a);
  return oldestFirst.map((number) => readFileSync(join(folder, `log.${number}`), 'utf8')).join('');
}

describe('a log file', () => {
  test('is made with its folder, has the format of the original, and no print', async () => {
    const { logger, file } = withFiles();
    logger.note('hello', { file: 'www/main.lua', line: 2 });
    logger.print('printed');
    await logger.close();
    expect(readFileSync(file(), 'utf8')).toMatch(
      /^\d\d\/\d\d \d\d:\d\d:\d\d\.\d {2}NOTE\tmain\twww\/main\.lua\[2\] {2}hello\n$/,
    );
    expect(statSync(file()).mode & 0o007).toBe(0);
  });

  test('is appended to', async () => {
    const { logger, file } = withFiles({}, (folder) => {
      mkdirSync(folder);
      writeFileSync(join(folder, 'log.0'), 'before\n');
    });
    logger.note('after');
    await logger.close();
    expect(readFileSync(file(), 'utf8')).toMatch(/^before\n.*after\n$/);
  });

  test('carries JSON lines under the JSON format, without print', async () => {
    const { logger, file } = withFiles({ format: 'json' });
    logger.note('hello', { file: 'www/main.lua', line: 2 });
    logger.print('printed');
    await logger.close();
    const record = JSON.parse(readFileSync(file(), 'utf8'));
    expect(record).toMatchObject({ level: 'note', file: 'www/main.lua', line: 2, text: 'hello' });
  });

  test('has everything when flushSync returns', () => {
    const { logger, folder } = withFiles();
    for (const number of upTo(5000)) logger.note(`line ${number}`);
    logger.flushSync();
    expect(numbersIn(readAll(folder))).toEqual(upTo(5000));
  });
});

describe('rotation', () => {
  test('keeps every file within its size, every line whole, and the order', async () => {
    const { logger, folder } = withFiles({ size: 1000, files: 100 });
    for (const number of upTo(1000)) logger.note(`line ${number}\nmore of it`);
    await logger.close();
    const names = readdirSync(folder);
    for (const name of names) {
      const text = readFileSync(join(folder, name), 'utf8');
      expect(text.length).toBeLessThanOrEqual(1000);
      expect(text).toMatch(/^\d\d\/.* {4}more of it\n$/s);
    }
    expect(numbersIn(readAll(folder))).toEqual(upTo(1000));
  });

  test('deletes the oldest beyond the highest number', async () => {
    const { logger, folder } = withFiles({ size: 200, files: 2 });
    for (const number of upTo(100)) logger.note(`line ${number}`);
    await logger.close();
    expect(readdirSync(folder).sort()).toEqual(['log.0', 'log.1', 'log.2']);
    const kept = numbersIn(readAll(folder));
    expect(kept).toEqual(upTo(100).slice(-kept.length));
  });

  test('with no older files to keep begins again', async () => {
    const { logger, folder } = withFiles({ size: 200, files: 0 });
    for (const number of upTo(100)) logger.note(`line ${number}`);
    await logger.close();
    expect(readdirSync(folder)).toEqual(['log.0']);
    expect(numbersIn(readAll(folder)).at(-1)).toBe(99);
  });

  test('counts what the file held at the start', async () => {
    const { logger, file } = withFiles({ size: 100 }, (folder) => {
      mkdirSync(folder);
      writeFileSync(join(folder, 'log.0'), `${'x'.repeat(90)}\n`);
    });
    logger.note('hello');
    await logger.close();
    expect(readFileSync(file(1), 'utf8')).toMatch(/^x+\n$/);
    expect(readFileSync(file(), 'utf8')).toMatch(/hello\n$/);
  });

  test('gives a line that is longer than a file one of its own', async () => {
    const { logger, file } = withFiles({ size: 100 });
    logger.note('a');
    logger.note('b'.repeat(1000));
    logger.note('c');
    await logger.close();
    expect(readFileSync(file(2), 'utf8')).toMatch(/\ta\n$/);
    expect(readFileSync(file(1), 'utf8')).toMatch(/\tb{1000}\n$/);
    expect(readFileSync(file(), 'utf8')).toMatch(/\tc\n$/);
  });

  test('that cannot be done is reported once, and the file grows', async () => {
    // A file cannot take the place of a folder, whoever the user is.
    const { logger, file, stderr } = withFiles({ size: 100, files: 1 }, (folder) => {
      mkdirSync(join(folder, 'log.1'), { recursive: true });
    });
    for (const number of upTo(100)) logger.note(`line ${number}`);
    await logger.close();
    expect(numbersIn(readFileSync(file(), 'utf8'))).toEqual(upTo(100));
    await stderr.line(/log\.0 grows: EISDIR/);
    expect((await stderr.read()).match(/grows/g)).toHaveLength(1);
  });
});

describe('reopen', () => {
  test('leaves the moved file alone and begins a new one', async () => {
    const { logger, file, folder } = withFiles();
    logger.note('line 0');
    logger.flushSync();
    renameSync(file(), join(folder, 'log.5'));
    logger.reopen();
    logger.note('line 1');
    await logger.close();
    expect(numbersIn(readFileSync(file(5), 'utf8'))).toEqual([0]);
    expect(numbersIn(readFileSync(file(), 'utf8'))).toEqual([1]);
  });

  test('makes the new file without waiting for a line', async () => {
    const { logger, file, folder } = withFiles();
    logger.note('line 0');
    logger.flushSync();
    renameSync(file(), join(folder, 'log.5'));
    logger.reopen();
    await logger.close();
    expect(existsSync(file())).toBe(true);
  });

  test('is not forgotten while a write is under way', async () => {
    const { logger, file, folder } = withFiles();
    logger.note('line 0');
    logger.flushSync();
    const watcher = watch(folder);
    onTestFinished(() => watcher.close());
    logger.note('line 1');
    // Two turns later the line is with the system.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    renameSync(file(), join(folder, 'log.5'));
    logger.reopen();
    while (!existsSync(file())) await once(watcher, 'change');
    expect(numbersIn(readFileSync(file(5), 'utf8'))).toEqual([0, 1]);
  });

  test('without log files does nothing', async () => {
    const options = { level: 8, format: 'text', name: 'log', size: 1000, files: 1 } as const;
    const logger = createLogger(options, { stdoutFd: devNull() });
    logger.reopen();
    await expect(logger.close()).resolves.toBeUndefined();
  });
});

/** NAME.0 leads to a device that is always full. */
function onFullDisk(folder: string): void {
  mkdirSync(folder);
  symlinkSync('/dev/full', join(folder, 'log.0'));
}

describe('a full disk', () => {
  test('is reported once, and the lines follow by themselves when there is room', async () => {
    const { logger, file, folder, stderr } = withFiles({}, onFullDisk);
    logger.note('line 0');
    expect(await stderr.line(/cannot write/)).toContain(
      `cannot write to ${file()}: ENOSPC: no space left on device, write; free some space`,
    );
    logger.note('line 1');
    rmSync(file());
    expect(await stderr.line(/can be written again/)).toContain(file());
    logger.note('line 2');
    await logger.close();
    expect(numbersIn(readAll(folder))).toEqual([0, 1, 2]);
    expect((await stderr.read()).match(/cannot write/g)).toHaveLength(1);
  });

  test('that lasts costs lines beyond the bound, and the log says how many and where', async () => {
    const { logger, file, folder, stderr } = withFiles({ size: 100_000_000 }, onFullDisk);
    const filling = 'x'.repeat(100_000);
    const count = Math.ceil((2 * MAX_BYTES) / filling.length);
    for (const number of upTo(count)) logger.note(`line ${number} ${filling}`);
    await stderr.line(/cannot write/);
    rmSync(file());
    await stderr.line(/can be written again/);
    logger.flushSync();
    logger.note(`line ${count}`);
    await logger.close();
    const [kept = '', after = ''] = readAll(folder).split(/^.* {2}WARN\tmain\tlog lines lost here: /m);
    const numbers = numbersIn(kept);
    expect(numbers).toEqual(upTo(numbers.length));
    expect(Number.parseInt(after, 10)).toBe(count - numbers.length);
    expect(numbers.length * filling.length).toBeLessThan(MAX_BYTES);
    expect(numbersIn(after)).toEqual([count]);
  });

  test('that lasts until the end is told by close and by flushSync', async () => {
    const { logger, stderr } = withFiles({}, onFullDisk);
    logger.note('x');
    logger.note('y');
    logger.flushSync();
    await logger.close();
    await stderr.line(/not written to .*log\.0: 2; ENOSPC/, 2);
  });
});

describe('the folder', () => {
  test('that cannot be made is reported at the start, and used once it is there', async () => {
    const { logger, file, folder, stderr } = withFiles({}, (path) => writeFileSync(path, ''));
    expect(await stderr.line(/cannot write/)).toMatch(/ENOTDIR: .*create that folder/);
    logger.note('line 0');
    rmSync(folder);
    await stderr.line(/can be written again/);
    await logger.close();
    expect(numbersIn(readFileSync(file(), 'utf8'))).toEqual([0]);
  });

  test('whose parent is missing is not made', async () => {
    const { folder, stderr } = withFiles({ directory: join(scratchFolder(), 'missing', 'logs') });
    expect(await stderr.line(/cannot write/)).toMatch(/ENOENT: no such file or directory, mkdir/);
    expect(existsSync(folder)).toBe(false);
  });

  test('that is removed while it is used is made again, and no later line is lost', async () => {
    const { logger, file, folder, stderr } = withFiles();
    logger.note('line 0');
    logger.flushSync();
    rmSync(folder, { recursive: true });
    logger.note('line 1');
    expect(await stderr.line(/has been deleted/)).toContain(file());
    logger.note('line 2');
    await logger.close();
    expect(numbersIn(readFileSync(file(), 'utf8'))).toEqual([1, 2]);
  });
});

test('a link that leads nowhere is told by the error of the link', async () => {
  const { file, stderr } = withFiles({}, (folder) => {
    mkdirSync(folder);
    symlinkSync(join(folder, 'missing', 'file'), join(folder, 'log.0'));
  });
  expect(await stderr.line(/cannot write/)).toMatch(/ENOENT: no such file or directory, open/);
  expect(lstatSync(file()).isSymbolicLink()).toBe(true);
});

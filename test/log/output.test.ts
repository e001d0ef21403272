import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_BYTES } from '../../src/log/queue.js';
import { createLogger, type LogOptions } from '../../src/logger.js';
import { Pipe } from './capture.js';

type Child = ChildProcessByStdio<null, Readable, Readable>;

const OPTIONS: LogOptions = { level: 8, format: 'text', name: 'log', size: 1_000_000, files: 10 };

function lines(count: number): string {
  return Array.from({ length: count }, (_, number) => `NOTE  ${number}\n`).join('');
}

describe('a reader', () => {
  test('that is slow gets everything, and holds nobody up meanwhile', async () => {
    const pipe = new Pipe();
    const logger = createLogger(OPTIONS, { stdoutFd: pipe.fd });
    // Many times what a pipe holds; a blocking write would never return, as the reader is in this process.
    for (let number = 0; number < 50_000; number++) logger.note(String(number));
    await new Promise((done) => setImmediate(() => setImmediate(done)));
    const closing = logger.close();
    await pipe.line(/49999/);
    await closing;
    expect(await pipe.read()).toBe(lines(50_000));
  });

  test('that goes away is told of once, and the logger goes on', async () => {
    const pipe = new Pipe();
    const stderr = new Pipe();
    const logger = createLogger(OPTIONS, { stdoutFd: pipe.fd, stderrFd: stderr.fd });
    logger.note('read');
    await pipe.line(/read/);
    await pipe.hangUp();
    logger.note('into the void');
    await stderr.line(/nobody reads stdout any more \(EPIPE/);
    logger.note('still here');
    logger.flushSync();
    await logger.close();
    expect((await stderr.read()).split('\n')).toHaveLength(2);
    closeSync(pipe.fd);
  });

  test('that is found gone by flushSync does no harm either', async () => {
    const pipe = new Pipe();
    const stderr = new Pipe();
    const logger = createLogger(OPTIONS, { stdoutFd: pipe.fd, stderrFd: stderr.fd });
    await pipe.hangUp();
    logger.note('into the void');
    logger.flushSync();
    await logger.close();
    expect(await stderr.line(/./)).toMatch(/nobody reads stdout any more \(EPIPE/);
    closeSync(pipe.fd);
  });

  test('that is stuck does not hold up close or flushSync for ever', async () => {
    const pipe = new Pipe();
    const stderr = new Pipe();
    const logger = createLogger(OPTIONS, { stdoutFd: pipe.fd, stderrFd: stderr.fd });
    for (let number = 0; number < 50_000; number++) logger.note(String(number));
    logger.flushSync();
    expect(await stderr.line(/EAGAIN/)).toMatch(/log lines not written to stdout: \d+; EAGAIN/);
    await logger.close();
    expect(await stderr.line(/took nothing/)).toMatch(
      /log lines not written to stdout: \d+; its reader took nothing for 2000 ms$/,
    );
  });

  test('that is stuck for long costs lines beyond the bound, and is told how many', async () => {
    const pipe = new Pipe();
    const logger = createLogger(OPTIONS, { stdoutFd: pipe.fd });
    const filling = 'x'.repeat(100_000);
    const count = Math.ceil((2 * MAX_BYTES) / filling.length);
    for (let number = 0; number < count; number++) logger.note(`${number} ${filling}`);
    const told = await pipe.line(/^WARN {2}log lines lost here: \d+;/);
    logger.note('afterwards');
    await logger.close();
    const received = (await pipe.read()).match(/^NOTE {2}\d/gm) ?? [];
    expect(received.length + Number(/\d+/.exec(told))).toBe(count);
  });
});

test('a full device as stdout is reported and does no harm', async () => {
  const fd = openSync('/dev/full', 'w');
  const stderr = new Pipe();
  const logger = createLogger(OPTIONS, { stdoutFd: fd, stderrFd: stderr.fd });
  logger.note('x');
  expect(await stderr.line(/cannot write/)).toContain('cannot write to stdout: ENOSPC');
  await logger.close();
  closeSync(fd);
  expect(await stderr.line(/not written/)).toContain('log lines not written to stdout: 1; ENOSPC');
});

describe('a process', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cumulus-log-'));
    await compileTo(folder);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Runs a script of ES module text, with `logger` and its stdout as a pipe. */
  async function run(script: string): Promise<Child> {
    const path = join(folder, 'script.mjs');
    const head = `import { createLogger } from './logger.js'; const logger = createLogger(${JSON.stringify(OPTIONS)});`;
    await writeFile(path, `${head}\n${script}`);
    return spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  const MANY = 'for (let number = 0; number < 50_000; number++) logger.note(String(number));';

  test.each([
    [
      'ends suddenly and flushes',
      `process.on('exit', () => logger.flushSync()); ${MANY} process.exit(3);`,
      3,
    ],
    ['closes its logger', `${MANY} await logger.close(); process.exit(0);`, 0],
    ['has nothing more to do', MANY, 0],
  ])('that %s loses nothing', async (_how, script, status) => {
    const child = await run(script);
    const exit = once(child, 'exit');
    expect(await text(child.stdout)).toBe(lines(50_000));
    expect(await exit).toEqual([status, null]);
  });

  test('begins a half-written line again in another file', async () => {
    await breakOff(folder, (file) => rename(file, join(folder, 'moved')));
    const moved = await readFile(join(folder, 'moved'), 'utf8');
    expect(moved.endsWith('\n')).toBe(false);
    const whole = moved.split('\n').length - 1;
    const next = await readFile(join(folder, 'logs', 'log.0'), 'utf8');
    expect(next.split('\n')).toHaveLength(50 - whole + 1);
    expect(next).toMatch(new RegExp(`^\\d\\d/.* {2}NOTE\\tmain\\tline ${whole} x{100}\\n`));
  });

  test('outlives the reader of its output', async () => {
    const child = await run(`
      process.stdin.destroy();
      let number = 0;
      const write = () => {
        logger.note('line');
        if (number++ < 20) setImmediate(write);
        else logger.close().then(() => process.exit(7));
      };
      logger.note('first');
      process.once('SIGUSR2', write);
      setInterval(() => undefined, 1000);`);
    const exit = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    child.kill('SIGUSR2');
    expect(await text(child.stderr)).toMatch(/nobody reads stdout any more/);
    expect(await exit).toEqual([7, null]);
  });
});

/**
 * A process whose files may not grow beyond 8 blocks: its write breaks off in the middle of a line. The parent
 * waits for its report, does `change` to the log file, and has it reopen the file and end.
 */
async function breakOff(folder: string, change: (file: string) => Promise<void>): Promise<void> {
  const directory = join(folder, 'logs');
  const options = JSON.stringify({ ...OPTIONS, directory });
  const path = join(folder, 'broken.mjs');
  await writeFile(
    path,
    `import { createLogger } from './logger.js';
    const logger = createLogger(${options});
    for (let number = 0; number < 50; number++) logger.note('line ' + number + ' ' + 'x'.repeat(100));
    const alive = setInterval(() => undefined, 1000);
    process.once('SIGUSR2', () => { logger.reopen(); logger.close(); clearInterval(alive); });`,
  );
  const limited = ['-c', 'ulimit -f 8; exec "$0" "$1"', process.execPath, path];
  const child = spawn('/bin/sh', limited, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exit = once(child, 'exit');
  const report = await once(child.stderr, 'data');
  expect(String(report)).toMatch(/cannot write to .*: EFBIG/);
  await change(join(directory, 'log.0'));
  child.kill('SIGUSR2');
  child.stderr.resume();
  expect(await exit).toEqual([0, null]);
}

/** The logger as JavaScript, for processes of its own: Node's floor does not run TypeScript. */
async function compileTo(folder: string): Promise<void> {
  const root = resolve(import.meta.dirname, '../..');
  const flags = [
    '--outDir',
    folder,
    '--rootDir',
    'src',
    '--noEmit',
    'false',
    '--ignoreConfig',
    '--skipLibCheck',
  ];
  const target = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
  const tsc = join(root, 'node_modules/.bin/tsc');
  await promisify(execFile)(tsc, [...flags, ...target, 'src/logger.ts'], { cwd: root });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
}

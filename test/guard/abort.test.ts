/** The built program: what ends the process cannot be tried inside the test's own. */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LUA_VERSION, temporaryFolder } from '../support/server.js';

const BINARY = new URL('../../bin/cumulus-server.js', import.meta.url).pathname;

/** One call of C that takes seconds, where Lua runs no hook. */
const STUCK = 'string.rep("", 2 ^ 31 - 1)';

let folder: string | undefined;

afterEach(() => {
  if (folder) rmSync(folder, { recursive: true });
  folder = undefined;
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** Runs the program until it ends by itself. */
function run(main: string, lua: string): Promise<Ended> {
  folder = temporaryFolder();
  mkdirSync(join(folder, 'www', 'stuck'), { recursive: true });
  writeFileSync(join(folder, 'www', 'stuck', 'main.lua'), main);
  writeFileSync(
    join(folder, 'a.ini'),
    `[lua]\nversion=${LUA_VERSION}\n${lua}\n[logs]\nformat=text\ndirectory=logs\n`,
  );
  const child = spawn(process.execPath, [BINARY, '--config', join(folder, 'a.ini')]);
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, output });
    });
  });
}

test('a script that cannot be ended is named in a FATAL line, and the process aborts', async () => {
  const ended = await run(`function onStart() ${STUCK} end`, 'timeout=200\nabort=1');
  expect(ended).toMatchObject({ code: null, signal: 'SIGABRT' });
  expect(ended.output).toContain(
    'FATAL application /stuck, onStart: runs for more than 1 s and cannot be ended: aborting\n',
  );
});

test('abort is a limit of its own when there is no time limit', async () => {
  const ended = await run('while true do end', 'timeout=0\nabort=1');
  expect(ended).toMatchObject({ code: null, signal: 'SIGABRT' });
  expect(ended.output).toContain('FATAL application /stuck, main.lua: runs for more than 1 s');
});

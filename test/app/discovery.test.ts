/** Looking for applications while the folders change. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { discover, folders } from '../../src/app/discovery.js';
import { temporaryFolder } from '../support/server.js';

/** Makes and deletes a folder all the time, as long as it is not killed. */
const FLICKER = `
  const { mkdirSync, rmdirSync } = require('node:fs');
  console.log('begun');
  for (;;) { mkdirSync(process.argv[1]); rmdirSync(process.argv[1]); }`;

/** So many times the folder was there when its parent was listed: some of them, it was gone a moment later. */
const SEEN = 300;

test('folders that link to each other are each looked into as they are, and one link further', () => {
  const root = temporaryFolder();
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (const name of names) mkdirSync(join(root, name));
  for (const name of names)
    for (const other of names) if (other !== name) symlinkSync(`../${other}`, join(root, name, other));
  const reasons: string[] = [];
  const found = folders(root, (_, reason) => reasons.push(reason));
  rmSync(root, { recursive: true });
  expect(found).toHaveLength(1 + names.length * names.length);
  expect(reasons).toEqual([]);
});

describe('a folder that is deleted while applications are looked for', () => {
  let root = '';
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('is none that cannot be read', async () => {
    root = temporaryFolder();
    const flicker = spawn(process.execPath, ['-e', FLICKER, join(root, 'a')]);
    try {
      await once(flicker.stdout, 'data');
      const unreadable: string[] = [];
      let seen = 0;
      while (seen < SEEN) seen += folders(root, (_, reason) => unreadable.push(reason)).length - 1;
      expect(unreadable).toEqual([]);
    } finally {
      flicker.kill('SIGKILL');
      await once(flicker, 'exit');
    }
  });

  test('is reported when it is the folder of all applications', () => {
    root = temporaryFolder();
    const reasons: string[] = [];
    expect(discover(join(root, 'none'), (_, reason) => reasons.push(reason))).toEqual([]);
    expect(reasons).toEqual([expect.stringContaining('ENOENT')]);
  });
});

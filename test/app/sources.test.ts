import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Sources } from '../../src/app/sources.js';
import { temporaryFolder } from '../support/server.js';

let folder: string;
let file: string;
let sources: Sources;

beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder, 'main.lua');
  sources = new Sources();
});

afterEach(() => rmSync(folder, { recursive: true }));

test('a file concerns the application when it has changed since it was read, or is gone', () => {
  writeFileSync(file, 'x = 1');
  expect(sources.concerns(file)).toBe(false);
  sources.read(file);
  expect(sources.concerns(file)).toBe(false);
  writeFileSync(file, 'x = 12');
  expect(sources.concerns(file)).toBe(true);
  rmSync(file);
  expect(sources.concerns(file)).toBe(true);
});

test('what is no file, or larger than any source, is not read', () => {
  writeFileSync(file, 'x = 1');
  truncateSync(file, 65 * 1_048_576);
  expect(() => sources.read(file)).toThrow(`${file} is larger than 64 MiB`);
  expect(() => sources.read(folder)).toThrow(`${folder} is not a file`);
});

test('a file that was looked for concerns the application once it is there', () => {
  expect(sources.exists(file)).toBe(false);
  expect(sources.concerns(file)).toBe(false);
  writeFileSync(file, 'x = 1');
  expect(sources.concerns(file)).toBe(true);
  sources.read(file);
  expect(sources.concerns(file)).toBe(false);
});

test('what the application writes itself never concerns it', () => {
  const data = join(folder, 'data.lua');
  writeFileSync(data, 'x = 1');
  sources.read(data);
  sources.wrote(data);
  writeFileSync(data, 'x = 12');
  expect(sources.concerns(data)).toBe(false);
});

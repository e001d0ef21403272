/**
 * `cumulus-server types`: the definitions of the API for editors (Lua language server), as a path or a copy.
 */
import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CumulusError } from '../errors.js';
import { PACKAGE_ROOT } from '../package.js';

const FILE = 'cumulus.lua';

export function typesFolder(): string {
  return fileURLToPath(new URL('src/types', PACKAGE_ROOT));
}

/** @param target a folder to copy the file to @returns the path of the definitions, or of the copy */
export function provideTypes(target: string | undefined): string {
  const source = join(typesFolder(), FILE);
  if (target === undefined) return `${source}\n`;
  if (existsSync(target) && !statSync(target).isDirectory()) {
    throw new CumulusError('USAGE', `${target} is not a folder`);
  }
  mkdirSync(target, { recursive: true });
  const copy = join(resolve(target), FILE);
  copyFileSync(source, copy);
  return `${copy}\n`;
}

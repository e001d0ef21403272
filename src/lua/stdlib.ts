/**
 * The Lua sources that we ship. They lie in src/lua/stdlib, which is part of the package.
 */
import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from '../package.js';

const FOLDER = new URL('src/lua/stdlib/', PACKAGE_ROOT);

export function loadStdlib(name: string): Uint8Array {
  return readFileSync(new URL(`${name}.lua`, FOLDER));
}

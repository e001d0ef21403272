/**
 * The Lua sources that we ship. They lie in stdlib/ beside this file, in the source tree and in the built one.
 */
import { readFileSync } from 'node:fs';

const FOLDER = new URL('./stdlib/', import.meta.url);

export function loadStdlib(name: string): Uint8Array {
  return readFileSync(new URL(`${name}.lua`, FOLDER));
}

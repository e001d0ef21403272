/**
 * The Lua sources that we ship, for all machines of a server: read once, and compiled once for each version of Lua.
 * They lie in src/lua/stdlib, which is part of the package.
 */
import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from '../package.js';
import type { EngineVersion } from './raw.js';

const FOLDER = new URL('src/lua/stdlib/', PACKAGE_ROOT);

export class Stdlib {
  readonly #chunks = new Map<string, Uint8Array>();

  /** What a machine of this version loads: bytecode once one has given it. */
  chunk(version: EngineVersion, name: string): { readonly bytes: Uint8Array; readonly compiled: boolean } {
    const known = this.#chunks.get(`${version} ${name}`);
    if (known) return { bytes: known, compiled: true };
    return { bytes: readFileSync(new URL(`${name}.lua`, FOLDER)), compiled: false };
  }

  /** @param bytecode as `string.dump` gives it */
  keep(version: EngineVersion, name: string, bytecode: Uint8Array): void {
    this.#chunks.set(`${version} ${name}`, bytecode);
  }
}

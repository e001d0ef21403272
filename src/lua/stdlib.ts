/**
 * The Lua sources that we ship, for all machines of a server: read once, and compiled once for each version of Lua.
 * They lie in src/lua/stdlib, which is part of the package.
 *
 * Bytecode is asked for when a second machine needs the same: most servers start with one, which should not wait.
 */
import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from '../package.js';
import type { EngineVersion } from './raw.js';

const FOLDER = new URL('src/lua/stdlib/', PACKAGE_ROOT);

export interface Chunk {
  /** Source or bytecode. */
  bytes: Uint8Array;
  state: 'new' | 'used' | 'compiled';
}

export class Stdlib {
  readonly #chunks: Readonly<Record<EngineVersion, Map<string, Chunk>>> = {
    '5.4': new Map(),
    '5.1': new Map(),
  };

  chunk(version: EngineVersion, name: string): Chunk {
    const chunks = this.#chunks[version];
    const known = chunks.get(name);
    if (known) return known;
    const chunk: Chunk = { bytes: readFileSync(new URL(`${name}.lua`, FOLDER)), state: 'new' };
    chunks.set(name, chunk);
    return chunk;
  }
}

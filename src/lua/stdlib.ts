/**
 * The Lua sources that we ship, for all machines of a server: read once, and compiled once for each version of Lua.
 * They lie in src/lua/stdlib, which is part of the package.
 *
 * Bytecode is asked for when a second machine needs the same: most servers start with one, which should not wait.
 */
import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from '../package.js';
import type { Bytes } from './bytes.js';
import type { EngineVersion, RawLua } from './raw.js';

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

  /** Pushes the function of a source. Only while a machine is being made: scripts have no `string.dump`. */
  push(raw: RawLua, bytes: Bytes, name: string): void {
    const chunk = this.chunk(raw.version, name);
    if (bytes.load(raw.L, chunk.bytes, `=cumulus/${name}`) !== 0) throw new Error(bytes.text(raw.L, -1));
    if (chunk.state === 'compiled') return;
    const bytecode = chunk.state === 'used' ? dumped(raw, bytes) : undefined;
    chunk.bytes = bytecode ?? chunk.bytes;
    chunk.state = bytecode ? 'compiled' : 'used';
  }
}

/** The bytecode of the function at the top. */
function dumped(raw: RawLua, bytes: Bytes): Uint8Array | undefined {
  const { L } = raw;
  raw.pushglobals(L);
  raw.getfield(L, -1, bytes.name('string'));
  raw.getfield(L, -1, bytes.name('dump'));
  raw.pushvalue(L, -4);
  const view = raw.pcall(L, 1, 1, 0) === 0 ? bytes.view(L, -1) : undefined;
  const copy = view && Uint8Array.from(view);
  raw.settop(L, -4);
  return copy;
}

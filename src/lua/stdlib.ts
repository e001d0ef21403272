/**
 * The Lua that we ship, for all machines of a server.
 *
 * The sources lie in src/lua/stdlib. The build keeps what each version of Lua makes of them in one file beside the code,
 * because reading and compiling fifteen sources is a fifth of the start; without that file the sources are taken.
 * The bytecode is of the very engine that the build has joined in: nothing has to be compared when it is loaded.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from '../package.js';
import type { Bytes } from './bytes.js';
import type { EngineVersion, RawLua } from './engine/raw.js';
import { OURS } from './position.js';

const FOLDER = new URL('src/lua/stdlib/', PACKAGE_ROOT);

/** By name: source or bytecode. */
type Chunks = Map<string, Uint8Array>;

export class Stdlib {
  readonly #folder: URL;
  readonly #chunks = new Map<EngineVersion, Chunks>();

  /** @param folder where the build has put its files */
  constructor(folder = new URL('.', import.meta.url)) {
    this.#folder = folder;
  }

  /** Pushes the function of a source. */
  push(raw: RawLua, bytes: Bytes, name: string): void {
    if (bytes.load(raw.L, this.chunk(raw.version, name), `=${OURS}${name}`) !== 0)
      throw new Error(bytes.text(raw.L, -1));
  }

  chunk(version: EngineVersion, name: string): Uint8Array {
    const chunks = this.#of(version);
    const known = chunks.get(name);
    if (known) return known;
    const source = readFileSync(new URL(`${name}.lua`, FOLDER));
    chunks.set(name, source);
    return source;
  }

  #of(version: EngineVersion): Chunks {
    const known = this.#chunks.get(version);
    if (known) return known;
    const chunks = unpack(contentOf(new URL(fileNameOf(version), this.#folder)));
    this.#chunks.set(version, chunks);
    return chunks;
  }
}

export function fileNameOf(version: EngineVersion): string {
  return `stdlib-${version}.luac`;
}

/**
 * The bytecode of all sources that this version of Lua can compile, for the build.
 * @param raw with its libraries; scripts have no `string.dump`
 */
export function compileStdlib(raw: RawLua, bytes: Bytes): Buffer {
  const names = readdirSync(FOLDER).map((file) => file.replace(/\.lua$/, ''));
  const chunks: [string, Uint8Array][] = [];
  for (const name of names) {
    const source = readFileSync(new URL(`${name}.lua`, FOLDER));
    if (bytes.load(raw.L, source, `=${OURS}${name}`) === 0) chunks.push([name, dumped(raw, bytes)]);
    raw.settop(raw.L, 0);
  }
  return pack(chunks);
}

/** A line of JSON with names and lengths, and the chunks behind it. */
function pack(chunks: readonly (readonly [string, Uint8Array])[]): Buffer {
  const lengths = JSON.stringify(chunks.map(([name, { length }]) => [name, length]));
  return Buffer.concat([Buffer.from(`${lengths}\n`), ...chunks.map(([, chunk]) => chunk)]);
}

function unpack(content: Buffer): Chunks {
  const chunks: Chunks = new Map();
  let at = content.indexOf('\n') + 1;
  if (at === 0) return chunks;
  for (const [name, length] of JSON.parse(content.toString('latin1', 0, at)) as [string, number][]) {
    chunks.set(name, content.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

function contentOf(file: URL): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}

/** The bytecode of the function at the top, with lines and names, which messages need. */
function dumped(raw: RawLua, bytes: Bytes): Uint8Array {
  const { L } = raw;
  raw.pushglobals(L);
  raw.getfield(L, -1, bytes.name('string'));
  raw.getfield(L, -1, bytes.name('dump'));
  raw.pushvalue(L, -4);
  const view = raw.pcall(L, 1, 1, 0) === 0 ? bytes.view(L, -1) : undefined;
  if (!view) throw new Error(`string.dump: ${bytes.text(L, -1)}`);
  return Uint8Array.from(view);
}

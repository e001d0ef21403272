/**
 * Makes Lua engines: one WebAssembly instance, one heap, one main state each.
 *
 * The compiled module is kept, so that an application, or a reload, costs an instantiation and not a compilation.
 */
import { Stdlib } from '../stdlib.js';
import { Capture, type Captured, type Imports, type LuaExports } from './capture.js';
import type { Adapters } from './host-functions.js';
import { replaceInvoke } from './protected-call.js';
import type { EngineVersion, MemoryState, RawLua } from './raw.js';

/** What an emscripten build of Lua looks like from outside, as far as it is used here. */
export interface EmscriptenLua {
  readonly HEAPU8: Uint8Array;
  addFunction(fn: (...arguments_: number[]) => number | undefined, signature: string): number;
}

export interface EngineBuild {
  readonly module: EmscriptenLua;
  readonly exports: LuaExports;
  readonly direct: boolean;
  readonly memory: MemoryState;
  readonly adapters: Adapters;
  /** Makes the main state whose memory wasmoon's allocator limits: only for the wrapped exports. */
  limitedState(memoryBytes: number): number;
}

export interface Glue {
  readonly module: EmscriptenLua;
  limitedState(memoryBytes: number): number;
}

export interface EngineOptions {
  /** The most the heap may grow to, bytes. */
  readonly memory: number;
  /** False: the wrapped exports, as if the instance could not be caught. For tests. */
  readonly direct?: boolean;
}

export class LuaEngines {
  readonly stdlib: Stdlib;
  readonly #adapters: Adapters = new Map();
  readonly #captures = { '5.4': new Capture(), '5.1': new Capture() };

  constructor(stdlib = new Stdlib()) {
    this.stdlib = stdlib;
  }

  async create(version: EngineVersion, options: EngineOptions): Promise<RawLua> {
    const memory = { limit: options.memory, refused: false, collecting: false };
    const change = (imports: Imports) => {
      restrict(imports, memory);
      return replaceInvoke(imports);
    };
    this.#captures[version].prepare(new URL(WASM[version], import.meta.url));
    const captured = await this.#captures[version].run(() => makeGlue(version), change);
    const build = { ...toBuild(captured, options.direct ?? true, memory), adapters: this.#adapters };
    const adapt =
      version === '5.4' ? (await import('./engine54.js')).adapt54 : (await import('./engine51.js')).adapt51;
    return adapt(build, options.memory);
  }
}

/** As the packages name them, and as the build puts them beside the code. */
const WASM = { '5.4': 'glue.wasm', '5.1': 'liblua5.1.wasm' };

async function makeGlue(version: EngineVersion): Promise<Glue> {
  return version === '5.4'
    ? (await import('./engine54.js')).glue54()
    : (await import('./engine51.js')).glue51();
}

function toBuild(
  { result, exports }: Captured<Glue>,
  allowDirect: boolean,
  memory: MemoryState,
): Omit<EngineBuild, 'adapters'> {
  const { module } = result;
  const limitedState = (bytes: number) => result.limitedState(bytes);
  if (allowDirect && exports) return { module, exports, direct: true, memory, limitedState };
  return { module, exports: wrapped(module), direct: false, memory, limitedState };
}

/** `module._lua_gettop` → `lua_gettop`: the fall-back has the same names as the real exports. */
function wrapped(module: EmscriptenLua): LuaExports {
  const functions = Object.entries(module).filter(([name]) => name.startsWith('_'));
  return Object.fromEntries(functions.map(([name, fn]) => [name.slice(1), fn])) as unknown as LuaExports;
}

/**
 * Puts the memory limit where it costs nothing, the growth of the heap, and takes the system calls away: a script's
 * files, processes and exit are served elsewhere or not at all.
 */
function restrict(imports: Imports, memory: MemoryState): void {
  const env = imports['env'];
  if (!env) return;
  const grow = env['emscripten_resize_heap'] as (bytes: number) => boolean;
  env['emscripten_resize_heap'] = (requested: number) => {
    const limit = memory.collecting ? memory.limit * RESERVE : memory.limit;
    const grown = heapAfter(requested >>> 0) <= limit && grow(requested);
    if (!grown) memory.refused = true;
    return grown;
  };
  env['system'] = () => -1;
  env['__syscall_openat'] = () => ENOENT;
}

/** emscripten grows by a fifth, by 96 MiB at most; the heap may not be larger than the limit after that. */
function heapAfter(requested: number): number {
  return Math.max(requested, Math.min(requested * 1.2, requested + 100_663_296));
}

/**
 * Collecting may take one step of growth beyond the limit: 5.1 makes its table of strings smaller by a new one, and
 * would fail to collect a full heap for ever.
 */
const RESERVE = 1.25;

const ENOENT = -44;

/**
 * The heap and the C stack of one engine, for the real exports and for the wrapped ones.
 */
import type { EmscriptenLua, EngineBuild } from './engine.js';
import type { CStack } from './match-state.js';

/** A Buffer over the heap, made anew only when growing the memory has detached the old one. */
export function heapOf({ direct, exports, module }: EngineBuild): () => Buffer {
  return direct ? ofMemory(exports.memory) : ofModule(module);
}

// One function each: with the real exports nothing may hold on to the glue, which is a fifth of a machine.
function ofMemory(memory: WebAssembly.Memory): () => Buffer {
  return cached(() => memory.buffer);
}

function ofModule(module: EmscriptenLua): () => Buffer {
  return cached(() => module.HEAPU8.buffer as ArrayBuffer);
}

function cached(current: () => ArrayBuffer): () => Buffer {
  let heap = Buffer.from(current());
  return () => {
    if (heap.length === 0) heap = Buffer.from(current());
    return heap;
  };
}

/** Room for a lua_Debug of either version, bytes. */
const DEBUG_SIZE = 512;

/** See RawLua.recover. Between entries the C stack is where it was when the engine was made. */
export function recovery({ exports }: EngineBuild): (L: number) => boolean {
  const { stackSave, stackRestore, lua_getstack, malloc } = exports as Partial<EngineBuild['exports']>;
  if (!stackSave || !stackRestore || !lua_getstack || !malloc) return () => false;
  const base = stackSave();
  const debug = malloc(DEBUG_SIZE);
  return (L) => {
    stackRestore(base);
    return lua_getstack(L, 0, debug) === 0;
  };
}

/** What is in use of the C stack, which grows down. To be called when the engine has just been made. */
export function cStackOf({ exports }: EngineBuild): CStack | undefined {
  const { stackSave } = exports as Partial<EngineBuild['exports']>;
  if (!stackSave) return undefined;
  const base = stackSave();
  return { current: () => stackSave(), base: () => base };
}

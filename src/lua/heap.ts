/**
 * The heap and the C stack of one engine, for the real exports and for the wrapped ones.
 */
import type { EngineBuild } from './engine.js';

/** A Buffer over the heap, made anew only when growing the memory has detached the old one. */
export function heapOf(build: EngineBuild): () => Buffer {
  const { memory } = build.exports;
  const current = build.direct ? () => memory.buffer : () => build.module.HEAPU8.buffer as ArrayBuffer;
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

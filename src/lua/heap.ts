/**
 * The heap, the C stack and the function table of one engine, for the real exports and for the wrapped ones.
 */
import type { EngineBuild } from './engine.js';

type Signature = 'ii' | 'vii';
type HostFunction = (...arguments_: number[]) => number | undefined;

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

/**
 * WebAssembly can call a JavaScript function only through its table, and a table takes only WebAssembly functions:
 * each is wrapped in an instance of a module that imports one function and exports it again.
 */
export function functionAdder(build: EngineBuild): (fn: HostFunction, signature: Signature) => number {
  const table = build.exports.__indirect_function_table;
  if (!build.direct) return (fn, signature) => build.module.addFunction(fn, signature);
  const adapters = new Map<Signature, WebAssembly.Module>();
  return (fn, signature) => {
    const adapter = adapters.get(signature) ?? new WebAssembly.Module(ADAPTERS[signature]);
    adapters.set(signature, adapter);
    const { exports } = new WebAssembly.Instance(adapter, { e: { f: fn } });
    const slot = table.grow(1);
    table.set(slot, exports['f']);
    return slot;
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

const I32 = 0x7f;

/** (module (import "e" "f" (func PARAMS RESULT)) (export "f" (func 0))) */
function adapterOf(params: readonly number[], results: readonly number[]): Uint8Array<ArrayBuffer> {
  const type = [0x60, params.length, ...params, results.length, ...results];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, type.length + 1, 0x01, ...type],
    ...[0x02, 0x07, 0x01, 0x01, 0x65, 0x01, 0x66, 0x00, 0x00],
    ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
  ]);
}

const ADAPTERS: Readonly<Record<Signature, Uint8Array<ArrayBuffer>>> = {
  ii: adapterOf([I32], [I32]),
  vii: adapterOf([I32, I32], []),
};

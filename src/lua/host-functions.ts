/**
 * JavaScript functions in the function table of an engine, where Lua can call them.
 *
 * WebAssembly calls JavaScript only through its table, and a table takes only WebAssembly functions: functions are
 * wrapped by an instance of a module that imports them and exports them again. A machine has about two hundred; an
 * instance for each of them was half of its making, and of its memory in JavaScript's heap. Those that are added
 * between two calls of Lua share one.
 *
 * Invariant: `link` is called before Lua runs; until then a function that was added has an address and nothing there.
 */
import type { EngineBuild } from './engine.js';

export type Signature = 'ii' | 'vii';
export type TableFunction = (...arguments_: number[]) => number | undefined;

/** Modules by the signatures that they wrap, for all machines: each asks for the same ones. */
export type Adapters = Map<string, WebAssembly.Module>;

export interface HostFunctions {
  /** @returns the address of `fn`, for good */
  add(fn: TableFunction, signature: Signature): number;
  link(): void;
}

export function hostFunctions(build: EngineBuild): HostFunctions {
  const { module } = build;
  if (build.direct) return new LinkedFunctions(build.exports.__indirect_function_table, build.adapters);
  return { add: (fn, signature) => module.addFunction(fn, signature), link() {} };
}

class LinkedFunctions implements HostFunctions {
  readonly #table: WebAssembly.Table;
  readonly #adapters: Adapters;
  /** Added and not linked yet; their addresses follow each other from `#first` on. */
  #functions: TableFunction[] = [];
  #signatures: Signature[] = [];
  #first = 0;

  constructor(table: WebAssembly.Table, adapters: Adapters) {
    this.#table = table;
    this.#adapters = adapters;
  }

  add(fn: TableFunction, signature: Signature): number {
    if (this.#functions.length === 0) this.#first = this.#table.length;
    this.#functions.push(fn);
    this.#signatures.push(signature);
    return this.#table.grow(1);
  }

  link(): void {
    if (this.#functions.length === 0) return;
    const imported = Object.fromEntries(this.#functions.map((fn, i) => [i, fn]));
    const { exports } = new WebAssembly.Instance(this.#adapter(), { f: imported });
    for (const i of this.#functions.keys()) this.#table.set(this.#first + i, exports[i]);
    this.#functions = [];
    this.#signatures = [];
  }

  #adapter(): WebAssembly.Module {
    const key = this.#signatures.join();
    const known = this.#adapters.get(key);
    if (known) return known;
    const adapter = new WebAssembly.Module(moduleOf(this.#signatures));
    this.#adapters.set(key, adapter);
    return adapter;
  }
}

const I32 = 0x7f;
const FUNCTION = 0;

/** Index of a signature among the types, and the types. */
const TYPE: Readonly<Record<Signature, number>> = { ii: 0, vii: 1 };
const TYPES = [
  [0x60, 1, I32, 1, I32],
  [0x60, 2, I32, I32, 0],
];

/** (module (import "f" "0" (func 0 …)) … (export "0" (func 0)) …) */
function moduleOf(signatures: readonly Signature[]): Uint8Array<ArrayBuffer> {
  const names = signatures.map((_, i) => text(String(i)));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, TYPES),
    ...section(
      2,
      signatures.map((signature, i) => [...text('f'), ...(names[i] ?? []), FUNCTION, TYPE[signature]]),
    ),
    ...section(
      7,
      names.map((name, i) => [...name, FUNCTION, ...unsigned(i)]),
    ),
  ]);
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = [...unsigned(items.length), ...items.flat()];
  return [id, ...unsigned(content.length), ...content];
}

function text(name: string): number[] {
  return [...unsigned(name.length), ...Buffer.from(name)];
}

/** LEB128 */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

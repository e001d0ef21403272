/**
 * JavaScript functions in the function table of an engine, where Lua can call them.
 *
 * WebAssembly calls JavaScript only through its table, and a table takes only WebAssembly functions: functions are
 * wrapped by an instance of a module that imports them and exports them again. A machine has about a hundred; an
 * instance for each of them was a fifth of its making. Those that are added
 * between two calls of Lua share one.
 *
 * Invariant: `link` is called before Lua runs; until then a function that was added has an address and nothing there.
 */
import type { EngineBuild } from './engine.js';

export type Signature = 'ii' | 'vii';
export type TableFunction = (...arguments_: number[]) => number | undefined;

/** Modules by what they wrap, for all machines. */
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

/** How many functions one module wraps: few sizes, because each has to be compiled once. */
const SIZES = [8, 32, 128, 512] as const;

interface Added {
  readonly fn: TableFunction;
  readonly address: number;
}

class LinkedFunctions implements HostFunctions {
  readonly #table: WebAssembly.Table;
  readonly #adapters: Adapters;
  #pending = false;
  readonly #added: Record<Signature, Added[]> = { ii: [], vii: [] };

  constructor(table: WebAssembly.Table, adapters: Adapters) {
    this.#table = table;
    this.#adapters = adapters;
  }

  add(fn: TableFunction, signature: Signature): number {
    const address = this.#table.grow(1);
    this.#added[signature].push({ fn, address });
    this.#pending = true;
    return address;
  }

  link(): void {
    if (!this.#pending) return;
    this.#pending = false;
    this.#link('ii');
    this.#link('vii');
  }

  #link(signature: Signature): void {
    const added = this.#added[signature].splice(0);
    if (added.length === 0) return;
    const size = SIZES.find((enough) => enough >= added.length) ?? added.length;
    // What is left over is wrapped and never called.
    const imported = Array.from({ length: size }, (_, i) => (added[i] ?? added[0])?.fn);
    const { exports } = new WebAssembly.Instance(this.#adapter(signature, size), { f: { ...imported } });
    for (const [i, { address }] of added.entries()) this.#table.set(address, exports[i]);
  }

  #adapter(signature: Signature, size: number): WebAssembly.Module {
    const key = `${size} ${signature}`;
    const known = this.#adapters.get(key);
    if (known) return known;
    const adapter = new WebAssembly.Module(moduleOf(signature, size));
    this.#adapters.set(key, adapter);
    return adapter;
  }
}

const I32 = 0x7f;
const FUNCTION = 0;

const TYPES: Readonly<Record<Signature, readonly number[]>> = {
  ii: [0x60, 1, I32, 1, I32],
  vii: [0x60, 2, I32, I32, 0],
};

/** (module (import "f" "0" (func …)) … (export "0" (func 0)) …) */
function moduleOf(signature: Signature, size: number): Uint8Array<ArrayBuffer> {
  const numbers = [...Array(size).keys()];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [TYPES[signature]]),
    ...section(
      2,
      numbers.map((i) => [...text('f'), ...text(String(i)), FUNCTION, 0]),
    ),
    ...section(
      7,
      numbers.map((i) => [...text(String(i)), FUNCTION, ...unsigned(i)]),
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

/**
 * JavaScript functions in the function table of an engine, where Lua can call them.
 *
 * A table takes only WebAssembly functions. A machine has about a hundred, and wrapping each of them was a fifth of
 * what a machine costs to make. Instead one small instance fills a whole part of the table with functions that each pass
 * their own number on to one import, which knows what is behind it.
 */
import type { EngineBuild } from './engine.js';

export type Signature = 'ii' | 'vii' | 'iiiii';
export type TableFunction = (...arguments_: number[]) => number | undefined;

/** Modules, compiled once for all machines. */
export type Adapters = Map<Signature, WebAssembly.Module>;

export interface HostFunctions {
  /** @returns the address of `fn`, for good */
  add(fn: TableFunction, signature: Signature): number;
}

export function hostFunctions(build: EngineBuild): HostFunctions {
  const { module } = build;
  if (build.direct) return new TableParts(build.exports.__indirect_function_table, build.adapters);
  return { add: (fn, signature) => module.addFunction(fn, signature) };
}

interface Part {
  /** Address of the first. */
  readonly base: number;
  readonly functions: TableFunction[];
}

class TableParts implements HostFunctions {
  readonly #table: WebAssembly.Table;
  readonly #adapters: Adapters;
  readonly #parts: Partial<Record<Signature, Part>> = {};

  constructor(table: WebAssembly.Table, adapters: Adapters) {
    this.#table = table;
    this.#adapters = adapters;
  }

  add(fn: TableFunction, signature: Signature): number {
    let part = this.#parts[signature];
    if (!part || part.functions.length === SHAPES[signature].size) {
      part = this.#newPart(signature);
      this.#parts[signature] = part;
    }
    return part.base + part.functions.push(fn) - 1;
  }

  #newPart(signature: Signature): Part {
    const table = this.#table;
    const base = table.grow(SHAPES[signature].size);
    const functions: TableFunction[] = [];
    const call = CALLS[signature](functions);
    // An instance lives as long as the table that it is in.
    new WebAssembly.Instance(this.#adapter(signature), { host: { call, table, base } });
    return { base, functions };
  }

  #adapter(signature: Signature): WebAssembly.Module {
    const adapter = this.#adapters.get(signature) ?? new WebAssembly.Module(binaryOf(SHAPES[signature]));
    this.#adapters.set(signature, adapter);
    return adapter;
  }
}

interface Shape {
  /** Functions in a part. */
  readonly size: number;
  readonly parameters: number;
  readonly results: number;
}

/** One for each number of arguments: a rest parameter would make an array for each call. */
const CALLS: Readonly<Record<Signature, (functions: readonly TableFunction[]) => TableFunction>> = {
  ii: (functions) => (number, L) => functions[number as number]?.(L as number),
  vii: (functions) => (number, L, record) => functions[number as number]?.(L as number, record as number),
  iiiii: (functions) => (number, a, b, c, d) =>
    functions[number as number]?.(a as number, b as number, c as number, d as number),
};

const SHAPES: Readonly<Record<Signature, Shape>> = {
  ii: { size: 128, parameters: 1, results: 1 },
  // A hook.
  vii: { size: 2, parameters: 2, results: 0 },
  // An allocator.
  iiiii: { size: 1, parameters: 4, results: 1 },
};

const I32 = 0x7f;
const FUNCREF = 0x70;
const LOCAL_GET = 0x20;
const GLOBAL_GET = 0x23;
const I32_CONST = 0x41;
const CALL = 0x10;
const END = 0x0b;

/**
 * (module (import "host" "call" (func …)) (import "host" "table" (table 0 funcref)) (import "host" "base" (global i32))
 *   (elem (global.get 0) 1 2 …)
 *   (func (param …) (call 0 (i32.const 0) (local.get 0) …)) (func … (i32.const 1) …) …)
 */
function binaryOf({ size, parameters, results }: Shape): Uint8Array<ArrayBuffer> {
  const numbers = [...Array(size).keys()];
  const type = (count: number) => [
    0x60,
    ...list(Array(count).fill([I32])),
    ...list(Array(results).fill([I32])),
  ];
  const passedOn = [...Array(parameters).keys()].flatMap((i) => [LOCAL_GET, i]);
  const imported = (name: string, ...kind: number[]) => [...text('host'), ...text(name), ...kind];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [type(parameters + 1), type(parameters)]),
    ...section(2, [
      imported('call', 0x00, 0),
      imported('table', 0x01, FUNCREF, 0, 0),
      imported('base', 0x03, I32, 0),
    ]),
    ...section(3, Array(size).fill([1])),
    ...section(9, [[0, GLOBAL_GET, 0, END, ...list(numbers.map((i) => unsigned(i + 1)))]]),
    ...section(
      10,
      numbers.map((i) => sized([0, I32_CONST, ...signed(i), ...passedOn, CALL, 0, END])),
    ),
  ]);
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  return [id, ...sized(list(items))];
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(name: string): number[] {
  return sized([...Buffer.from(name)]);
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

/** LEB128 */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** LEB128 of a number that is not negative: the highest of its bits is the sign. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}

/**
 * The part of the WebAssembly API that is used here. TypeScript has it only in the browser's library, whose other
 * globals do not exist in Node.
 */
declare namespace WebAssembly {
  type Imports = Record<string, Record<string, unknown>>;

  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }

  class Instance {
    constructor(module: Module, imports: Imports);
    readonly exports: Record<string, unknown>;
  }

  class Memory {
    readonly buffer: ArrayBuffer;
    constructor(descriptor: { initial: number; maximum?: number });
  }

  class Table {
    readonly length: number;
    constructor(descriptor: { element: 'anyfunc'; initial: number });
    get(index: number): unknown;
    grow(by: number): number;
    set(index: number, value: unknown): void;
  }

  /** A trap. */
  class RuntimeError extends Error {}

  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>;
  function instantiate(module: Module, imports: Imports): Promise<Instance>;
}

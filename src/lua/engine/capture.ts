/**
 * Catches the WebAssembly instance while a wasmoon factory makes it.
 *
 * The published builds wrap every export in a JavaScript function that checks assertions (23 ns a call instead of 6),
 * and compile the module again for each instance. During the one call that instantiates, `WebAssembly.instantiate` is
 * replaced: the compiled module is kept, the imports can be changed (memory limit, system calls), the exports caught.
 * Where that fails, the caller uses the wrapped exports: slower, and the same otherwise (capture.test.ts).
 */
import { existsSync, readFileSync } from 'node:fs';
import { withSmallMemory } from './small-memory.js';

export type LuaExports = Record<string, (...arguments_: number[]) => number> & {
  readonly memory: WebAssembly.Memory;
  readonly __indirect_function_table: WebAssembly.Table;
};

export type Imports = WebAssembly.Imports;

/** Changes imports; what it returns is told the exports, before anything has run. */
export type Change = (imports: Imports) => ((exports: LuaExports) => void) | void;

/** `WebAssembly.instantiate` is one for the process: this queue is too, or two captures would catch each other's. */
let queue: Promise<unknown> = Promise.resolve();

export interface Captured<T> {
  readonly result: T;
  readonly exports: LuaExports | undefined;
}

export class Capture {
  #compiled: Promise<WebAssembly.Module> | undefined;

  /**
   * Begins to compile what the factory is going to instantiate, in another thread, while that is still being loaded.
   * @param file where the build has put it; nothing happens when it is not there
   */
  prepare(file: URL): void {
    if (this.#compiled || !existsSync(file)) return;
    this.#compile(Uint8Array.from(readFileSync(file)));
  }

  /** @param change may replace imports; called with a copy that is this instance's own */
  run<T>(make: () => Promise<T>, change: Change): Promise<Captured<T>> {
    const run = queue.then(() => this.#run(make, change));
    // Without its result, or the last machine would never be collected.
    queue = run.then(
      () => {},
      () => {},
    );
    return run;
  }

  /** A failure is told by `run`, and not kept: the next one tries again. */
  #compile(source: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
    const compiled = WebAssembly.compile(withSmallMemory(source));
    compiled.catch(() => {
      this.#compiled = undefined;
    });
    this.#compiled = compiled;
    return compiled;
  }

  async #run<T>(make: () => Promise<T>, change: Change): Promise<Captured<T>> {
    const original = WebAssembly.instantiate;
    const globals = new Set(Object.getOwnPropertyNames(globalThis));
    const passOn = original as unknown as (source: unknown, imports: Imports) => Promise<unknown>;
    let exports: LuaExports | undefined;
    const instantiate = async (source: Uint8Array<ArrayBuffer>, imports: Imports) => {
      if (!isLua(imports)) return passOn(source, imports);
      const module = await (this.#compiled ?? this.#compile(source));
      const own = copyOf(imports);
      const link = change(own);
      const instance = await original(module, own);
      exports = instance.exports as unknown as LuaExports;
      link?.(exports);
      return { module, instance };
    };
    WebAssembly.instantiate = instantiate as unknown as typeof WebAssembly.instantiate;
    try {
      return { result: await make(), exports: complete(exports) };
    } finally {
      WebAssembly.instantiate = original;
      removeHints(globals);
    }
  }
}

/**
 * Builds with assertions put hints for their developers on `globalThis`: getters, whose closures would hold the first
 * machine and the last one for ever. @param before the names that were there before
 */
function removeHints(before: ReadonlySet<string>): void {
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (before.has(name) || !Object.getOwnPropertyDescriptor(globalThis, name)?.get) continue;
    Reflect.deleteProperty(globalThis, name);
  }
}

function isLua(imports: Imports | undefined): imports is Imports {
  return (
    imports?.['env']?.['invoke_vii'] !== undefined && imports['env']['emscripten_resize_heap'] !== undefined
  );
}

function copyOf(imports: Imports): Imports {
  return Object.fromEntries(Object.entries(imports).map(([name, module]) => [name, { ...module }]));
}

function complete(exports: LuaExports | undefined): LuaExports | undefined {
  const usable =
    exports?.memory instanceof WebAssembly.Memory && exports.__indirect_function_table !== undefined;
  return usable && typeof exports['lua_settop'] === 'function' ? exports : undefined;
}

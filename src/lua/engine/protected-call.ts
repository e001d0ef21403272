/**
 * How Lua calls in protection: its C code cannot catch what unwinds in WebAssembly, so it calls out to JavaScript, which
 * calls back inside of `try`. Every `pcall` goes this way, and every entry from the host.
 *
 * The glue's own function for it checks assertions and the table at each call. Ours is used when the exports that it
 * needs are there, else the glue's.
 */
import type { Imports, LuaExports } from './capture.js';

type Invoke = (index: number, a: number, b: number) => void;
type Callee = (a: number, b: number) => void;

const NAME = 'invoke_vii';

/** Replaces the import. @returns what is to be told the exports, before Lua runs */
export function replaceInvoke(imports: Imports): (exports: LuaExports) => void {
  const env = imports['env'];
  const original = env?.[NAME];
  if (!env || typeof original !== 'function') return () => {};
  let invoke = original as Invoke;
  env[NAME] = (index: number, a: number, b: number) => invoke(index, a, b);
  return (exports) => {
    invoke = invokeWith(exports) ?? invoke;
  };
}

function invokeWith(exports: LuaExports): Invoke | undefined {
  const { stackSave, stackRestore, setThrew, __indirect_function_table: table } = exports;
  if (!stackSave || !stackRestore || !setThrew) return undefined;
  // Lua's own functions, whose places never change.
  const callees: Callee[] = [];
  return (index, a, b) => {
    const stack = stackSave();
    try {
      callees[index] ??= table.get(index) as Callee;
      (callees[index] as Callee)(a, b);
    } catch (error) {
      stackRestore(stack);
      // Lua unwinds by throwing a number; anything else is not its own.
      if (typeof error !== 'number') throw error;
      setThrew(1, 0);
    }
  };
}

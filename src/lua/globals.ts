/**
 * The global functions of a script that the server calls, in the script's own table of globals: what the applications
 * above it define does not count.
 */
import { LUA_TFUNCTION } from './engine/raw.js';
import type { LuaVm } from './vm.js';

/** Which of `names` the script has defined as functions. */
export function definedFunctions(vm: LuaVm, names: readonly string[]): string[] {
  const { raw, L } = vm;
  const top = raw.gettop(L);
  return names.filter((name) => {
    const found = pushGlobal(vm, name);
    raw.settop(L, top);
    return found;
  });
}

/**
 * Calls a global function, if there is one. An error in it is reported to the owner of the VM.
 * @param push pushes the arguments and returns their number
 * @param onResult reads the one result, at the top
 */
export function callGlobal(
  vm: LuaVm | undefined,
  name: string,
  push: (vm: LuaVm) => number,
  onResult?: (vm: LuaVm) => void,
): void {
  if (!vm?.enter(name)) return;
  try {
    if (!pushGlobal(vm, name)) return;
    const count = push(vm);
    if (vm.call(count, onResult ? 1 : 0)) onResult?.(vm);
  } catch (error) {
    vm.fail(error);
  } finally {
    vm.leave();
  }
}

/** Pushes a global, or nil. @returns whether it is a function */
export function pushGlobal({ raw, L, bytes }: LuaVm, name: string): boolean {
  const top = raw.gettop(L);
  raw.pushglobals(L);
  bytes.pushText(L, name);
  raw.rawget(L, -2);
  raw.insert(L, top + 1);
  raw.settop(L, top + 1);
  return raw.type(L, -1) === LUA_TFUNCTION;
}

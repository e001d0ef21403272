/**
 * What a new machine is given before anything else: the handler of errors, the guard of the time limit, the watch on the
 * garbage collector.
 *
 * Each leaves the stack as an entry finds it: the message handler alone.
 */
import { LUA_TFUNCTION } from './engine/raw.js';
import type { HostFunction } from './host-calls.js';
import type { LuaVm } from './vm.js';

/** First: it puts the handler at index 1. */
export function installHandler(vm: LuaVm): void {
  vm.runStdlib('errors', 0);
  if (vm.raw.type(vm.L, -1) !== LUA_TFUNCTION) throw new Error('errors.lua must return a function');
  vm.setHandler();
}

export function installGuard(vm: LuaVm): void {
  const { raw, brake } = vm;
  const arm = (L: number) => {
    brake.arm(L);
    return 0;
  };
  const disarm = (L: number) => {
    brake.disarm(L);
    return 1;
  };
  const pressed = (L: number) => {
    raw.pushboolean(L, brake.pressed ? 1 : 0);
    return 1;
  };
  run(vm, 'guard', arm, disarm, pressed);
}

/** @param ended told in `L` of each cycle of the garbage collector, in the middle of whatever runs */
export function watchCycles(vm: LuaVm, ended: (L: number) => void): void {
  run(vm, 'cycles', (L) => {
    ended(L);
    return 0;
  });
}

function run(vm: LuaVm, name: string, ...functions: readonly HostFunction[]): void {
  const { raw, L } = vm;
  for (const fn of functions) raw.pushcclosure(L, vm.hostFunction(fn), 0);
  vm.runStdlib(name, functions.length);
  raw.settop(L, 1);
}

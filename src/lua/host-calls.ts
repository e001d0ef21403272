/**
 * JavaScript functions that Lua calls: which state runs meanwhile, and what becomes of an exception.
 */
import { messageOf } from '../errors.js';
import { LuaError } from './lua-error.js';
import { scriptPosition, whereOf } from './position.js';
import type { LuaVm } from './vm.js';

/** Called with the state that calls; returns the number of results that it has pushed. */
export type HostFunction = (L: number) => number;

/** Calls `fn` for Lua. What it throws is an error of Lua's, at the position of the script that called. */
export function callHost(vm: LuaVm, fn: HostFunction, L: number): number {
  const outer = vm.L;
  vm.L = L;
  let message: string;
  let positioned = true;
  try {
    return fn(L);
  } catch (error) {
    // A number is Lua's own unwinding; a trap means that the machine is broken: both must go on.
    if (typeof error === 'number' || isTrap(error)) throw error;
    message = error instanceof LuaError ? error.message : `internal error: ${messageOf(error)}`;
    positioned = !(error instanceof LuaError) || error.positioned;
  } finally {
    vm.L = outer;
  }
  vm.bytes.pushText(L, (positioned ? positionOf(vm, L) : '') + message);
  return vm.raw.error(L);
}

/** "www/main.lua:3: " of the script that called the running host function, also through our own Lua; or "". */
export function positionOf({ raw, bytes }: LuaVm, L: number): string {
  // Called by none: by the server, or by a function of Lua's own, such as `pcall`.
  return whereOf(raw, bytes, L, 1) === '' ? '' : scriptPosition(raw, bytes, L, 1);
}

/** The other RangeErrors – an array or a string that would be too long – are of JavaScript and leave Lua intact. */
function isTrap(error: unknown): boolean {
  if (error instanceof RangeError) return error.message.includes('call stack');
  return error instanceof WebAssembly.RuntimeError;
}

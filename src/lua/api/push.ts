/**
 * Arguments of events. One function for each shape, so that no event makes a closure.
 */
import type { ByteSource } from '../bytes.js';
import { NO_CALL } from '../handles.js';
import type { LuaVm } from '../vm.js';

export function pushNothing(): number {
  return 0;
}

export function pushBytes(vm: LuaVm, bytes: Uint8Array): number {
  vm.bytes.push(vm.L, bytes);
  return 1;
}

/** What there is to be read; without anything there is no call. */
export function pushRead(vm: LuaVm, source: ByteSource): number {
  if (vm.bytes.pushRead(vm.L, source) === 0) return NO_CALL;
  // Once more, below the object, the function and its arguments, which the call takes: `bytesRead` finds it there.
  vm.raw.pushvalue(vm.L, -1);
  vm.raw.insert(vm.L, -5);
  return 1;
}

/** What `pushRead` has pushed, when the result of the call is at the top. @returns a view that is valid until Lua runs again */
export function bytesRead(vm: LuaVm): Uint8Array {
  return vm.bytes.view(vm.L, -3) ?? new Uint8Array(0);
}

/** Text, or nil. */
export function pushText(vm: LuaVm, text: string | undefined): number {
  if (text === undefined) vm.raw.pushnil(vm.L);
  else vm.bytes.pushText(vm.L, text);
  return 1;
}

/** Another object, which is open: its registry slot. */
export function pushObject(vm: LuaVm, object: { readonly id: number }): number {
  vm.raw.refget(vm.L, object.id);
  return 1;
}

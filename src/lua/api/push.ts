/**
 * Arguments of events. One function for each shape, so that no event makes a closure.
 */
import type { LuaVm } from '../vm.js';

export function pushNothing(): number {
  return 0;
}

export function pushBytes(vm: LuaVm, bytes: Uint8Array): number {
  vm.bytes.push(vm.L, bytes);
  return 1;
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

/**
 * Plain values from one VM into another: nil, booleans, numbers, byte strings. Always a copy, byte- and type-exact.
 *
 * It works on the states that run. Tables and functions are not its business.
 */
import { LUA_TBOOLEAN, LUA_TNIL, LUA_TNUMBER, LUA_TSTRING } from '../engine/raw.js';
import type { LuaVm } from '../vm.js';

/** Pushes a copy of the value at `i` of `from` into `to`. @returns false, having pushed nothing, when it is not plain */
export function copyPlain(from: LuaVm, i: number, to: LuaVm): boolean {
  const { raw, L } = from;
  const type = raw.type(L, i);
  if (type === LUA_TNUMBER) to.raw.pushnumeric(to.L, raw.tonumeric(L, i));
  else if (type === LUA_TSTRING) from.bytes.copy(L, i, to.bytes, to.L);
  else if (type === LUA_TBOOLEAN) to.raw.pushboolean(to.L, raw.toboolean(L, i));
  else if (type <= LUA_TNIL) to.raw.pushnil(to.L);
  else return false;
  return true;
}

/**
 * The `cumulus` object: a table that scripts may add to, whose functions are called with a colon.
 */
import { LuaError } from '../lua-error.js';
import { LUA_TTABLE } from '../raw.js';
import type { HostFunction } from '../vm.js';
import type { ApiContext } from './context.js';

/** Sets global `cumulus`; the table of globals is at the top of the stack. */
export function installCumulus(api: ApiContext, functions: Readonly<Record<string, HostFunction>>): void {
  const { raw, L, bytes } = api.vm;
  raw.createtable(L, 0, 16);
  for (const [name, fn] of Object.entries(functions)) api.vm.setFunction(name, withColon(api, name, fn));
  raw.setfield(L, -2, bytes.name('cumulus'));
}

/** Refuses `cumulus.name(…)`, whose first argument would be taken for the object. */
function withColon(api: ApiContext, name: string, fn: HostFunction): HostFunction {
  return (L) => {
    if (api.stack.type(1) === LUA_TTABLE) return fn(L);
    throw new LuaError(`cumulus.${name}: call method with ':' colon operator (cumulus:${name}(…))`);
  };
}

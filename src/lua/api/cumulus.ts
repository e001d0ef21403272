/**
 * The `cumulus` object: a table that scripts may add to and change, whose functions are called with a colon.
 *
 * Invariant: a method is a plain field of it, so that `cumulus:createTCPClient()` costs one look-up and no metamethod.
 */

import type { HostFunction } from '../host-calls.js';
import { LuaError } from '../lua-error.js';
import { pushValue } from '../values.js';
import type { ApiContext, Functions } from './context.js';

/**
 * Sets global `cumulus`; the table of globals is at the top of the stack.
 * @param properties getters, which push one value; assigning to one of them is ignored with a WARN
 */
export function installCumulus(api: ApiContext, methods: Functions, properties: Functions): void {
  const { vm, log, stack } = api;
  const { raw, L, bytes } = vm;
  raw.createtable(L, 0, 32);
  const self = raw.topointer(L, -1);
  for (const [name, fn] of Object.entries(methods)) vm.setFunction(name, withColon(api, self, name, fn));
  pushValue(vm, api.settings.configs);
  raw.setfield(L, -2, bytes.name('configs'));
  raw.createtable(L, 0, 8);
  for (const [name, get] of Object.entries(properties)) vm.setFunction(name, get);
  const warnReadOnly = () => {
    log.warnReadOnly('cumulus', stack.text(1) ?? '');
    return 0;
  };
  raw.pushcclosure(L, vm.hostFunction(warnReadOnly), 0);
  vm.runStdlib('cumulus', 3);
  raw.setfield(L, -2, bytes.name('cumulus'));
}

/** Refuses `cumulus.name(…)`, whose first argument would be taken for the object. */
function withColon(api: ApiContext, self: number, name: string, fn: HostFunction): HostFunction {
  const { vm } = api;
  return (L) => {
    if (vm.raw.topointer(L, 1) === self) return fn(L);
    throw new LuaError(`cumulus.${name}: call method with ':' colon operator (cumulus:${name}(…))`);
  };
}

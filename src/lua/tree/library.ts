/**
 * Installs stdlib/tree.lua, and on Lua 5.1 stdlib/tree51.lua, in a VM, and keeps what they return in registry slots.
 */
import type { HostFunction } from '../host-calls.js';
import type { LuaVm } from '../vm.js';

/** What the Lua side calls. */
export interface TreeHost {
  /** Metamethods of a table's proxy: `proxy[key]`, `proxy[key] = value`, `proxy(…)`. */
  readonly index: HostFunction;
  readonly newindex: HostFunction;
  readonly apply: HostFunction;
  /** The body of a function's proxy, whose first upvalue is its identity. */
  readonly call: HostFunction;
  /** remote(operation, proxy, …) */
  readonly remote: HostFunction;
  /** together(identity, identity) → true when both live in the same VM */
  readonly together: HostFunction;
  /** missing(_G, name): a global that is not there. */
  readonly missing: HostFunction;
  /** release(identity): a proxy has been collected. */
  readonly release: HostFunction;
  /** failed(error) → its way here, or nothing */
  readonly failed: HostFunction;
}

export interface TreeSlots {
  /** proxy → identity, identity → proxy. */
  readonly ids: number;
  readonly proxies: number;
  /** create(identity, is a function) → proxy */
  readonly create: number;
  /** copy(proxy) → a table of this VM with its entries */
  readonly copy: number;
  /** The last error, while it is on its way out. */
  readonly error: number;
  readonly operations: ReadonlyMap<string, number>;
}

/** Outside of any entry. */
export function installTree(vm: LuaVm, host: TreeHost): TreeSlots {
  const { raw, L } = vm;
  const call = vm.hostFunction(host.call);
  const closure = (state: number) => {
    raw.pushcclosure(state, call, 2);
    return 1;
  };
  raw.createtable(L, 0, 10);
  for (const [name, fn] of Object.entries({ ...host, closure })) vm.setFunction(name, fn);
  vm.pushHandler();
  vm.runStdlib('tree', 2);
  if (raw.version === '5.1') run51(vm);
  const slots = takeSlots(vm);
  raw.getfield(L, -1, vm.bytes.name('handler'));
  vm.setHandler();
  return slots;
}

/** With the table that tree.lua has returned, which stays at the top. */
function run51(vm: LuaVm): void {
  vm.raw.pushvalue(vm.L, -1);
  vm.runStdlib('tree51', 1);
  vm.raw.settop(vm.L, -2);
}

function takeSlots(vm: LuaVm): TreeSlots {
  const ids = takeField(vm, 'ids');
  const proxies = takeField(vm, 'proxies');
  const create = takeField(vm, 'create');
  const copy = takeField(vm, 'copy');
  return { ids, proxies, create, copy, error: vm.registry.ref(), operations: takeOperations(vm) };
}

function takeField(vm: LuaVm, name: string): number {
  const slot = vm.registry.ref();
  vm.raw.getfield(vm.L, -1, vm.bytes.name(name));
  vm.raw.refset(vm.L, slot);
  return slot;
}

function takeOperations(vm: LuaVm): ReadonlyMap<string, number> {
  const { raw, L, bytes } = vm;
  const operations = new Map<string, number>();
  raw.getfield(L, -1, bytes.name('operations'));
  raw.pushnil(L);
  while (raw.next(L, -2) !== 0) {
    const slot = vm.registry.ref();
    raw.refset(L, slot);
    operations.set(bytes.binary(L, -1) ?? '', slot);
  }
  raw.settop(L, -2);
  return operations;
}

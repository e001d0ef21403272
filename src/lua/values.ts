/**
 * Plain values ⇄ Lua: what a configuration, a decoded message or carried state is made of.
 *
 * Identity is kept both ways: a table that appears twice, or in itself, does so on the other side, too.
 */
import { LUA_TBOOLEAN, LUA_TNIL, LUA_TNUMBER, LUA_TSTRING, LUA_TTABLE, LUA_TUSERDATA } from './engine/raw.js';
import { LuaError } from './lua-error.js';
import { type LuaKey, LuaTable, type LuaValue } from './table.js';
import type { LuaVm } from './vm.js';

/** Tables nested deeper than this are refused: reading them would need as many frames here. */
export const MAX_DEPTH = 200;

/** What to do with values that are not plain. */
export interface NotPlain {
  /** True when the table at stack index `i` is an object of the API. */
  isObject(i: number): boolean;
  /** @param path "state.clients.1" @returns what stands in for the value */
  refuse(path: string, typeName: string): LuaValue;
  /** Fields that a table may also have through its metatable, where they are text or a number. */
  readonly inherited?: readonly string[];
}

/** More entries, nested ones included, are refused: nothing else runs while they are read. */
const MOST_ENTRIES = 1_000_000;

const TYPE_NAMES: Readonly<Record<number, string>> = {
  2: 'userdata',
  6: 'function',
  7: 'userdata',
  8: 'thread',
};

/** Reads the value at stack index `i`. The root of paths is `name`. */
export function readValue(vm: LuaVm, i: number, name: string, notPlain: NotPlain): LuaValue {
  return new Reader(vm, notPlain).read(i, name, 0);
}

/** Reads the values from stack index `first` to the top: a table that is in several of them is one. */
export function readValues(vm: LuaVm, first: number, notPlain: NotPlain): LuaValue[] {
  const reader = new Reader(vm, notPlain);
  const count = Math.max(0, vm.raw.gettop(vm.L) - first + 1);
  return Array.from({ length: count }, (_, i) => reader.read(first + i, `${i + 1}`, 0));
}

/** Pushes a value. */
export function pushValue(vm: LuaVm, value: LuaValue): void {
  new Pusher(vm).pushAll([value]);
}

/** Pushes values in this order: a table that is in several of them is one. @throws LuaError when there is no room */
export function pushValues(vm: LuaVm, values: readonly LuaValue[]): void {
  new Pusher(vm).pushAll(values);
}

class Reader {
  readonly #vm: LuaVm;
  readonly #notPlain: NotPlain;
  readonly #seen = new Map<number, LuaTable>();
  #entryCount = 0;

  constructor(vm: LuaVm, notPlain: NotPlain) {
    this.#vm = vm;
    this.#notPlain = notPlain;
  }

  read(i: number, path: string, depth: number): LuaValue {
    const { raw, L, bytes } = this.#vm;
    switch (raw.type(L, i)) {
      case LUA_TBOOLEAN:
        return raw.toboolean(L, i) !== 0;
      case LUA_TNUMBER:
        return raw.tonumber(L, i);
      case LUA_TSTRING:
        return bytes.binary(L, i);
      case LUA_TTABLE:
      case LUA_TUSERDATA:
        return this.#table(i, path, depth);
      default:
        return this.#other(i, path);
    }
  }

  #table(i: number, path: string, depth: number): LuaValue {
    const { raw, L } = this.#vm;
    const pointer = raw.topointer(L, i);
    const seen = this.#seen.get(pointer);
    if (seen) return seen;
    if (this.#notPlain.isObject(i)) return this.#notPlain.refuse(path, 'object');
    if (depth >= MAX_DEPTH) return this.#notPlain.refuse(path, `table nested more than ${MAX_DEPTH} deep`);
    raw.checkstack(L, 6);
    const at = i < 0 ? raw.gettop(L) + 1 + i : i;
    const foreign = this.#isForeign(at);
    if (!foreign && raw.type(L, at) !== LUA_TTABLE) return this.#other(at, path);
    const table = new LuaTable();
    this.#seen.set(pointer, table);
    this.#entries(table, foreign ? raw.gettop(L) : at, path, depth);
    if (foreign) raw.settop(L, -2);
    for (const name of this.#notPlain.inherited ?? []) this.#inherited(table, at, name);
    return table;
  }

  /** A proxy has a metatable, and a plain table has none. @returns true: a copy of it is at the top now */
  #isForeign(at: number): boolean {
    const { raw, L } = this.#vm;
    if (raw.getmetatable(L, at) === 0) return false;
    raw.settop(L, -2);
    return this.#vm.pushForeign(at);
  }

  #entries(table: LuaTable, at: number, path: string, depth: number): void {
    const { raw, L } = this.#vm;
    raw.pushnil(L);
    while (raw.next(L, at) !== 0) {
      const top = raw.gettop(L);
      this.#entry(table, top - 1, top, path, depth);
      raw.settop(L, top - 1);
    }
  }

  #entry(table: LuaTable, keyAt: number, valueAt: number, path: string, depth: number): void {
    if (++this.#entryCount > MOST_ENTRIES)
      throw new LuaError(`${path} and what was read before it have more than ${MOST_ENTRIES} entries`);
    const key = this.read(keyAt, `${path}.(key)`, depth + 1);
    if (key === undefined) return;
    const value = this.read(valueAt, `${path}.${shownKey(key)}`, depth + 1);
    if (value !== undefined) table.entries.set(key, value);
  }

  #inherited(table: LuaTable, at: number, name: string): void {
    if (table.entries.has(name)) return;
    const { raw, L, bytes } = this.#vm;
    raw.getfield(L, at, bytes.name(name));
    const type = raw.type(L, -1);
    if (type === LUA_TSTRING || type === LUA_TNUMBER) table.entries.set(name, this.read(-1, name, 0));
    raw.settop(L, -2);
  }

  #other(i: number, path: string): LuaValue {
    const type = this.#vm.raw.type(this.#vm.L, i);
    return type <= LUA_TNIL ? undefined : this.#notPlain.refuse(path, TYPE_NAMES[type] ?? 'value');
  }
}

function shownKey(key: LuaKey): string {
  return key instanceof LuaTable ? '(table)' : String(key);
}

class Pusher {
  readonly #vm: LuaVm;
  /** Tables made already, and the registry slot that each is in meanwhile. */
  readonly #made = new Map<LuaTable, number>();

  constructor(vm: LuaVm) {
    this.#vm = vm;
  }

  pushAll(values: readonly LuaValue[]): void {
    if (this.#vm.raw.checkstack(this.#vm.L, values.length + 6) === 0)
      throw new LuaError(`too many values: ${values.length}`);
    try {
      for (const value of values) this.#push(value, 0);
    } finally {
      this.#forget();
    }
  }

  #push(value: LuaValue, depth: number): void {
    const { raw, L, bytes } = this.#vm;
    if (value === undefined) raw.pushnil(L);
    else if (typeof value === 'boolean') raw.pushboolean(L, value ? 1 : 0);
    else if (typeof value === 'string') bytes.pushBinary(L, value);
    else if (typeof value !== 'number') this.#table(value, depth);
    else if (Number.isSafeInteger(value) && !Object.is(value, -0)) raw.pushinteger(L, value);
    else raw.pushnumber(L, value);
  }

  #table(table: LuaTable, depth: number): void {
    const { raw, L } = this.#vm;
    const made = this.#made.get(table);
    if (made !== undefined) return raw.refget(L, made);
    if (depth >= MAX_DEPTH) throw new LuaError(`table nested more than ${MAX_DEPTH} deep`);
    raw.checkstack(L, 6);
    raw.createtable(L, 0, table.entries.size);
    const slot = this.#vm.registry.ref();
    this.#made.set(table, slot);
    raw.pushvalue(L, -1);
    raw.refset(L, slot);
    for (const [key, value] of table.entries) {
      this.#push(key, depth + 1);
      this.#push(value, depth + 1);
      raw.rawset(L, -3);
    }
  }

  #forget(): void {
    for (const slot of this.#made.values()) this.#vm.registry.unref(slot);
    this.#made.clear();
  }
}

/**
 * Decides what a Lua table is in AMF: its special fields first, then its keys. The only place that knows those rules.
 *
 * Invariant: what has no place in the shape has been reported, once; a shape's names are never empty, because an empty
 * name ends an object in both formats.
 */
import type { LuaKey, LuaTable, LuaValue } from '../table.js';
import { EXTERNALIZABLE_FIELDS } from './markers.js';
import { AmfOpaque } from './opaque.js';

export type OnUnsupported = (typeName: string) => void;
export type Member = readonly [name: string, value: LuaValue];

export interface ObjectShape {
  readonly kind: 'object';
  /** The class name; empty for an anonymous object. */
  readonly type: string;
  readonly members: readonly Member[];
}

export type Shape =
  | ObjectShape
  | { readonly kind: 'bytes'; readonly bytes: string }
  | { readonly kind: 'date'; readonly time: number }
  | { readonly kind: 'dictionary'; readonly pairs: readonly (readonly [LuaKey, LuaValue])[] }
  | { readonly kind: 'external'; readonly type: string; readonly body: LuaValue }
  | { readonly kind: 'array'; readonly named: readonly Member[]; readonly dense: readonly LuaValue[] };

/** The order of precedence is the original's. */
export function shapeOf(table: LuaTable, onUnsupported: OnUnsupported): Shape {
  const field = (name: string) => table.entries.get(name);
  const [raw, time, type] = [field('__raw'), field('__time'), field('__type')];
  if (typeof raw === 'string') return { kind: 'bytes', bytes: raw };
  // Whole milliseconds, as in the original. `+ 0`: never a negative zero.
  if (typeof time === 'number') return { kind: 'date', time: Math.trunc(time) + 0 };
  if (typeof field('__size') === 'number') return dictionaryOf(table, onUnsupported);
  if (typeof type === 'string') return typedOf(table, type, onUnsupported);
  return arrayOrObjectOf(table, onUnsupported);
}

/** `__size` only marks a dictionary. The count is that of the pairs: a wrong one would make the message unreadable. */
function dictionaryOf(table: LuaTable, onUnsupported: OnUnsupported): Shape {
  const pairs: [LuaKey, LuaValue][] = [];
  for (const [key, value] of table.entries) {
    if (key === '__size' || value === undefined) continue;
    if (key instanceof AmfOpaque) onUnsupported(`${key.typeName} key`);
    else pairs.push([key, value]);
  }
  return { kind: 'dictionary', pairs };
}

function typedOf(table: LuaTable, type: string, onUnsupported: OnUnsupported): Shape {
  const external = EXTERNALIZABLE_FIELDS.get(type);
  if (external !== undefined) return { kind: 'external', type, body: table.entries.get(external) };
  const members: Member[] = [];
  for (const [key, value] of table.entries) {
    if (isMember(key, value, onUnsupported)) members.push([key, value]);
  }
  return { kind: 'object', type, members };
}

function arrayOrObjectOf(table: LuaTable, onUnsupported: OnUnsupported): Shape {
  const indexes: number[] = [];
  const named: Member[] = [];
  for (const [key, value] of table.entries) {
    if (isIndex(key)) {
      if (value !== undefined) indexes.push(key);
    } else if (isMember(key, value, onUnsupported)) named.push([key, value]);
  }
  if (indexes.length === 0 && named.length > 0) return { kind: 'object', type: '', members: named };
  indexes.sort((a, b) => a - b);
  const length = denseLength(indexes);
  const dense = Array.from({ length }, (_, i) => table.entries.get(i + 1));
  for (const index of indexes) {
    if (index > length) named.push([nameOfIndex(index), table.entries.get(index)]);
  }
  return { kind: 'array', named, dense };
}

/** True for an entry with a name; false, and reported, for a key that cannot be one. `__type` is never a member. */
function isMember(key: LuaKey, value: LuaValue, onUnsupported: OnUnsupported): key is string {
  if (value === undefined || key === '__type') return false;
  if (typeof key === 'string' && key !== '') return true;
  if (key === '') onUnsupported('empty key');
  else onUnsupported(`${key instanceof AmfOpaque ? key.typeName : luaTypeOf(key)} key`);
  return false;
}

function luaTypeOf(key: LuaKey): string {
  return typeof key === 'object' ? 'table' : typeof key;
}

const MAX_INDEX = 0xffffffff;

function isIndex(key: LuaKey): key is number {
  return typeof key === 'number' && Number.isInteger(key) && key >= 1 && key <= MAX_INDEX;
}

/**
 * Up to where holes are worth a null each: the largest index such that more than half of the indexes up to it are
 * taken. `{1, nil, 3}` is dense; of `{[1]=1, [1000000]=2}` the second is named, as ActionScript's sparse arrays are.
 */
function denseLength(sorted: readonly number[]): number {
  let length = 0;
  for (const [position, index] of sorted.entries()) {
    if (2 * (position + 1) > index) length = index;
  }
  return length;
}

/** ActionScript counts from 0. */
function nameOfIndex(index: number): string {
  return String(index - 1);
}

/** The Lua key for a name in an AMF array: names that are indexes in ActionScript's eyes are indexes in Lua too. */
export function keyInArray(name: string): LuaKey {
  if (name.length > 10 || !/^(0|[1-9]\d*)$/.test(name)) return name;
  const index = Number(name) + 1;
  return index <= MAX_INDEX ? index : name;
}

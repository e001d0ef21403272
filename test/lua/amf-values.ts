/**
 * Values for the AMF tests: tables in one line, bytes as hex, and what "equal" means for tables that refer to each other.
 */
import { decodeAmf, encodeAmf } from '../../src/lua/amf/index.js';
import { type LuaKey, LuaTable, type LuaValue } from '../../src/lua/table.js';

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

export function table(...entries: [LuaKey, LuaValue][]): LuaTable {
  const result = new LuaTable();
  for (const [key, value] of entries) result.entries.set(key, value);
  return result;
}

export const list = (...values: LuaValue[]) => LuaTable.list(values);

/** Fails on anything that is reported as unsupported: a test that expects it gives its own collector. */
function refuse(typeName: string): never {
  throw new Error(`unexpectedly unsupported: ${typeName}`);
}

export function encode(
  version: 0 | 3,
  values: readonly LuaValue[],
  onUnsupported = refuse as never,
): Uint8Array {
  return encodeAmf(values, { version, onUnsupported });
}

export const toAMF = (...values: LuaValue[]) => Buffer.from(encode(3, values)).toString('hex');
export const toAMF0 = (...values: LuaValue[]) => Buffer.from(encode(0, values)).toString('hex');
export const fromAMF = (hex: string) => decodeAmf(bytesOf(hex));

/** The single table of a message. */
export function tableFrom(hex: string): LuaTable {
  const [value, ...more] = fromAMF(hex);
  if (!(value instanceof LuaTable) || more.length > 0) throw new Error('not one table');
  return value;
}

/** The hex of an AMF3 header or length below 2^21. */
export function u29(value: number): string {
  const bytes = value < 0x80 ? [value] : [0x80 | (value >> 7), value & 0x7f];
  return Buffer.from(
    value < 0x4000 ? bytes : [0x80 | (value >> 14), 0x80 | (value >> 7), value & 0x7f],
  ).toString('hex');
}

/** The fields of a table, nested ones too, for a comparison with what a test writes down. No cycles. */
export function plain(value: LuaValue): unknown {
  if (!(value instanceof LuaTable)) return value;
  return new Map([...value.entries].map(([key, field]) => [plain(key), plain(field)]));
}

/**
 * Whether two values are the same graph. `identity`: one table here is one table there, both ways; without it, a table
 * may have become several equal ones. Table keys are compared in order.
 */
export function sameGraph(a: LuaValue, b: LuaValue, identity: boolean): boolean {
  const pairs = new Map<LuaTable, Set<LuaTable>>();
  const partners = new Map<LuaTable, LuaTable>();
  const same = (x: LuaValue, y: LuaValue): boolean => {
    if (!(x instanceof LuaTable) || !(y instanceof LuaTable)) return x === y || Object.is(x, y);
    const seen = pairs.get(x) ?? new Set();
    if (seen.has(y)) return true;
    if (identity && (seen.size > 0 || partners.has(y))) return false;
    pairs.set(x, seen.add(y));
    partners.set(y, x);
    return sameEntries(x, y, same);
  };
  return same(a, b);
}

function sameEntries(x: LuaTable, y: LuaTable, same: (a: LuaValue, b: LuaValue) => boolean): boolean {
  if (x.entries.size !== y.entries.size) return false;
  const tableKeys = [...y.entries].filter(([key]) => key instanceof LuaTable);
  for (const [key, value] of x.entries) {
    if (!(key instanceof LuaTable)) {
      if (!y.entries.has(key) || !same(value, y.entries.get(key))) return false;
      continue;
    }
    const partner = tableKeys.shift();
    if (!partner || !same(key, partner[0]) || !same(value, partner[1])) return false;
  }
  return true;
}

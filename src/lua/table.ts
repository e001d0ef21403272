/**
 * Lua values as plain data, outside of any VM: what configurations, AMF messages and state carried over a reload
 * are made of.
 *
 * A Lua string is a "binary string": one character (0–255) for each byte, so that it is byte-exact and can be a key.
 */

export type LuaKey = boolean | number | string | LuaTable;
export type LuaValue = undefined | LuaKey;

/** A Lua table by identity: two references to one LuaTable become two references to one Lua table. */
export class LuaTable {
  readonly entries = new Map<LuaKey, LuaValue>();

  static from(record: Readonly<Record<string, LuaValue>>): LuaTable {
    const table = new LuaTable();
    for (const [key, value] of Object.entries(record)) table.entries.set(key, value);
    return table;
  }

  static list(values: Iterable<LuaValue>): LuaTable {
    const table = new LuaTable();
    let index = 1;
    for (const value of values) table.entries.set(index++, value);
    return table;
  }
}

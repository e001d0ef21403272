/**
 * AMF0 → plain values; a value behind the marker 0x11 is left to the AMF3 decoder.
 *
 * Owns AMF0's table of objects: objects, typed objects and both kinds of arrays, in the order in which they begin.
 */
import { LuaTable, type LuaValue } from '../table.js';
import { fillDate } from './date.js';
import { type Amf3Decoder, type AmfDecodeHooks, setField } from './decode3.js';
import { MAX_DEPTH } from './error.js';
import { AMF0 } from './markers.js';
import { type ByteReader, hex } from './reader.js';
import { keyInArray } from './shape.js';

export class Amf0Decoder {
  readonly #reader: ByteReader;
  readonly #amf3: Amf3Decoder;
  readonly #hooks: AmfDecodeHooks;
  readonly #objects: LuaTable[] = [];

  constructor(reader: ByteReader, amf3: Amf3Decoder, hooks: AmfDecodeHooks) {
    this.#reader = reader;
    this.#amf3 = amf3;
    this.#hooks = hooks;
  }

  /** @param depth how many tables are around the value */
  value(depth: number): LuaValue {
    const reader = this.#reader;
    const marker = reader.u8();
    switch (marker) {
      case AMF0.NUMBER:
        return reader.f64();
      case AMF0.BOOLEAN:
        return reader.u8() !== 0;
      case AMF0.STRING:
        return reader.text(reader.u16());
      case AMF0.LONG_STRING:
      case AMF0.XML_DOCUMENT:
        return reader.text(reader.u32());
      case AMF0.NULL:
      case AMF0.UNDEFINED:
      case AMF0.UNSUPPORTED:
        return undefined;
      default:
        return this.#complex(marker, depth);
    }
  }

  #complex(marker: number, depth: number): LuaValue {
    switch (marker) {
      case AMF0.OBJECT:
        return this.#object(depth);
      case AMF0.TYPED_OBJECT:
        return this.#typedObject(depth);
      case AMF0.REFERENCE:
        return this.#reference();
      case AMF0.ECMA_ARRAY:
        return this.#ecmaArray(depth);
      case AMF0.STRICT_ARRAY:
        return this.#strictArray(depth);
      case AMF0.DATE:
        return this.#date();
      case AMF0.AVMPLUS_OBJECT:
        return this.#amf3.value(depth);
      default:
        throw this.#reader.error(`${hex(marker)} is no AMF0 type that can be read`, 1);
    }
  }

  #object(depth: number): LuaTable {
    const table = this.#open(depth);
    for (const [name, value] of this.#members(depth + 1)) setField(table, name, value);
    return table;
  }

  #typedObject(depth: number): LuaTable {
    const type = this.#reader.text(this.#reader.u16());
    const slot = this.#objects.length;
    const table = this.#open(depth);
    table.entries.set('__type', type);
    for (const [name, value] of this.#members(depth + 1)) setField(table, name, value);
    const result = this.#hooks.onTypedObject?.(type, table) ?? table;
    this.#objects[slot] = result;
    return result;
  }

  /** The count is only a hint (2.10): the members go on until the end marker. */
  #ecmaArray(depth: number): LuaTable {
    this.#reader.u32();
    const table = this.#open(depth);
    for (const [name, value] of this.#members(depth + 1)) setField(table, keyInArray(name), value);
    return table;
  }

  #strictArray(depth: number): LuaTable {
    const count = this.#reader.count(this.#reader.u32(), 1);
    const table = this.#open(depth);
    for (let index = 1; index <= count; index++) setField(table, index, this.value(depth + 1));
    return table;
  }

  /** The time zone should not be set, and means nothing if it is (2.13). */
  #date(): LuaTable {
    const time = this.#reader.f64();
    this.#reader.u16();
    return fillDate(new LuaTable(), time);
  }

  *#members(depth: number): Generator<[string, LuaValue]> {
    for (;;) {
      const name = this.#reader.text(this.#reader.u16());
      if (name === '') break;
      yield [name, this.value(depth)];
    }
    if (this.#reader.u8() !== AMF0.OBJECT_END) {
      throw this.#reader.error(`an empty name that no end marker ${hex(AMF0.OBJECT_END)} follows`, 1);
    }
  }

  #reference(): LuaTable {
    const index = this.#reader.u16();
    const table = this.#objects[index];
    if (table === undefined) {
      throw this.#reader.error(`reference to object ${index} of ${this.#objects.length}`, 2);
    }
    return table;
  }

  #open(depth: number): LuaTable {
    if (depth >= MAX_DEPTH) throw this.#reader.error(`objects are nested deeper than ${MAX_DEPTH} levels`);
    const table = new LuaTable();
    this.#objects.push(table);
    return table;
  }
}

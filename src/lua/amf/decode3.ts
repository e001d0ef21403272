/**
 * AMF3 → plain values.
 *
 * Owns AMF3's table of objects. Invariant: a reference gives the very table, never a copy, so that cycles and sharing
 * cost nothing; only strings become copies later, and those are counted.
 */
import { type LuaKey, LuaTable, type LuaValue } from '../table.js';
import { fillDate } from './date.js';
import { MAX_DEPTH } from './error.js';
import { AMF3, EXTERNALIZABLE_FIELDS } from './markers.js';
import { type ByteReader, hex } from './reader.js';
import { keyInArray } from './shape.js';
import { Amf3Tables, type Traits } from './tables3.js';

export interface AmfDecodeHooks {
  /**
   * Called with each object that has a class name, when it is complete. A result takes the object's place, but not
   * inside the object itself, where references to it have been resolved already.
   */
  onTypedObject?(type: string, object: LuaTable): LuaTable | undefined;
}

export class Amf3Decoder {
  readonly #reader: ByteReader;
  readonly #hooks: AmfDecodeHooks;
  readonly #tables: Amf3Tables;
  readonly #objects: (LuaTable | string)[] = [];

  constructor(reader: ByteReader, hooks: AmfDecodeHooks) {
    this.#reader = reader;
    this.#hooks = hooks;
    this.#tables = new Amf3Tables(reader);
  }

  /** @param depth how many tables are around the value */
  value(depth: number): LuaValue {
    const marker = this.#reader.u8();
    switch (marker) {
      case AMF3.UNDEFINED:
      case AMF3.NULL:
        return undefined;
      case AMF3.FALSE:
        return false;
      case AMF3.TRUE:
        return true;
      case AMF3.INTEGER:
        return (this.#reader.u29() << 3) >> 3; // bit 28 is the sign
      case AMF3.DOUBLE:
        return this.#reader.f64();
      case AMF3.STRING:
        return this.#tables.string();
      default:
        return this.#complex(marker, depth);
    }
  }

  /** What is in the table of objects: a header whose lowest bit is clear refers to one that has been there before. */
  #complex(marker: number, depth: number): LuaValue {
    if (marker > AMF3.DICTIONARY) throw this.#reader.error(`${hex(marker)} is no AMF3 type`, 1);
    const header = this.#reader.u29();
    if ((header & 1) === 0) return this.#reference(header >>> 1);
    switch (marker) {
      case AMF3.XML_DOCUMENT:
      case AMF3.XML:
        return this.#xml(header >>> 1);
      case AMF3.DATE:
        return fillDate(this.#open(depth), this.#reader.f64());
      case AMF3.ARRAY:
        return this.#array(header >>> 1, depth);
      case AMF3.OBJECT:
        return this.#object(header, depth);
      case AMF3.BYTE_ARRAY:
        return this.#byteArray(header >>> 1, depth);
      case AMF3.DICTIONARY:
        return this.#dictionary(header >>> 1, depth);
      default:
        return this.#vector(marker, header >>> 1, depth);
    }
  }

  #reference(index: number): LuaTable | string {
    const object = this.#tables.find(this.#objects, index, 'object');
    if (typeof object === 'string') this.#tables.repeat(object.length);
    return object;
  }

  #xml(length: number): string {
    const text = this.#reader.text(length);
    this.#objects.push(text);
    return text;
  }

  #byteArray(length: number, depth: number): LuaTable {
    const table = this.#open(depth);
    table.entries.set('__raw', this.#reader.text(length));
    return table;
  }

  #array(length: number, depth: number): LuaTable {
    this.#reader.count(length, 1);
    const table = this.#open(depth);
    for (let name = this.#tables.string(); name !== ''; name = this.#tables.string()) {
      setField(table, keyInArray(name), this.value(depth + 1));
    }
    this.#elements(table, length, () => this.value(depth + 1));
    return table;
  }

  #vector(marker: number, length: number, depth: number): LuaTable {
    const reader = this.#reader;
    reader.u8(); // fixed length or not: Lua has no such difference
    const table = this.#open(depth);
    if (marker === AMF3.VECTOR_OBJECT) this.#tables.string(); // the class of all elements: each has its own again
    reader.count(length, VECTOR_ELEMENT_BYTES.get(marker) ?? 1);
    this.#elements(table, length, () => {
      if (marker === AMF3.VECTOR_INT) return reader.i32();
      if (marker === AMF3.VECTOR_UINT) return reader.u32();
      return marker === AMF3.VECTOR_DOUBLE ? reader.f64() : this.value(depth + 1);
    });
    return table;
  }

  #elements(table: LuaTable, length: number, read: () => LuaValue): void {
    for (let index = 1; index <= length; index++) setField(table, index, read());
  }

  #dictionary(length: number, depth: number): LuaTable {
    this.#reader.u8(); // weak keys or not: see decodeAmf
    this.#reader.count(length, 2);
    const table = this.#open(depth);
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      if (key === undefined || Number.isNaN(key))
        throw this.#reader.error('a key that is null or not a number');
      setField(table, key, this.value(depth + 1));
    }
    table.entries.set('__size', length);
    return table;
  }

  #object(header: number, depth: number): LuaTable {
    const slot = this.#objects.length;
    const table = this.#open(depth);
    const traits = this.#tables.traits(header);
    if (traits.type !== '') table.entries.set('__type', traits.type);
    if (traits.externalizable) this.#external(table, traits.type, depth + 1);
    else this.#members(table, traits, depth + 1);
    if (traits.type === '') return table;
    const result = this.#hooks.onTypedObject?.(traits.type, table) ?? table;
    this.#objects[slot] = result;
    return result;
  }

  #members(table: LuaTable, traits: Traits, depth: number): void {
    for (const name of traits.members) setField(table, name, this.value(depth));
    if (!traits.dynamic) return;
    for (let name = this.#tables.string(); name !== ''; name = this.#tables.string()) {
      setField(table, name, this.value(depth));
    }
  }

  /** How long the rest of an unknown class is, nobody can tell: nothing after it can be read either. */
  #external(table: LuaTable, type: string, depth: number): void {
    const field = EXTERNALIZABLE_FIELDS.get(type);
    if (field === undefined) {
      const known = [...EXTERNALIZABLE_FIELDS.keys()].join(', ');
      throw this.#reader.error(`class ${JSON.stringify(type)} is externalizable, and is none of ${known}`);
    }
    setField(table, field, this.value(depth));
  }

  #open(depth: number): LuaTable {
    if (depth >= MAX_DEPTH) throw this.#reader.error(`objects are nested deeper than ${MAX_DEPTH} levels`);
    const table = new LuaTable();
    this.#objects.push(table);
    return table;
  }
}

const VECTOR_ELEMENT_BYTES: ReadonlyMap<number, number> = new Map([
  [AMF3.VECTOR_INT, 4],
  [AMF3.VECTOR_UINT, 4],
  [AMF3.VECTOR_DOUBLE, 8],
]);

/** As Lua assigns: nil takes a field away. */
export function setField(table: LuaTable, key: LuaKey, value: LuaValue): void {
  if (value === undefined) table.entries.delete(key);
  else table.entries.set(key, value);
}

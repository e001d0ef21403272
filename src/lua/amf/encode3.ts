/**
 * Plain values → AMF3.
 *
 * Owns AMF3's tables of strings and objects. Traits are written anew for each object, with no sealed members, as the
 * original does: every reader understands that, and the bytes are the original's.
 */
import type { LuaTable, LuaValue } from '../table.js';
import { AmfError, MAX_DEPTH } from './error.js';
import { AMF3, TRAITS } from './markers.js';
import { AmfOpaque } from './opaque.js';
import { type Member, type OnUnsupported, type Shape, shapeOf } from './shape.js';
import type { ByteWriter } from './writer.js';

const INLINE = 1;

export class Amf3Encoder {
  readonly #writer: ByteWriter;
  readonly #onUnsupported: OnUnsupported;
  readonly #strings = new Map<string, number>();
  readonly #objects = new Map<LuaTable, { readonly index: number; readonly marker: number }>();

  constructor(writer: ByteWriter, onUnsupported: OnUnsupported) {
    this.#writer = writer;
    this.#onUnsupported = onUnsupported;
  }

  /** @param depth how many tables are around the value */
  write(value: LuaValue, depth: number): void {
    if (value === undefined) return this.#writer.u8(AMF3.NULL);
    if (typeof value === 'boolean') return this.#writer.u8(value ? AMF3.TRUE : AMF3.FALSE);
    if (typeof value === 'number') return isInteger29(value) ? this.integer(value) : this.#double(value);
    if (typeof value === 'string') return this.string(value);
    if (value instanceof AmfOpaque) {
      this.#onUnsupported(value.typeName);
      return this.#writer.u8(AMF3.NULL);
    }
    if (this.knows(value)) return this.reference(value);
    requireDepth(depth);
    this.table(value, shapeOf(value, this.#onUnsupported), depth);
  }

  integer(value: number): void {
    this.#writer.u8(AMF3.INTEGER);
    this.#writer.u29(value);
  }

  string(value: string): void {
    this.#writer.u8(AMF3.STRING);
    this.#text(value);
  }

  knows(table: LuaTable): boolean {
    return this.#objects.has(table);
  }

  /** Refers to a table that has been written, with the marker of what it was written as. */
  reference(table: LuaTable): void {
    const known = this.#objects.get(table);
    if (known === undefined) throw new AmfError('AMF3: a reference to a table that has not been written');
    this.#writer.u8(known.marker);
    this.#writer.u29(known.index << 1);
  }

  /** Writes a table for the first time. */
  table(table: LuaTable, shape: Shape, depth: number): void {
    switch (shape.kind) {
      case 'bytes':
        this.#begin(table, AMF3.BYTE_ARRAY, shape.bytes.length);
        return this.#writer.text(shape.bytes);
      case 'date':
        this.#begin(table, AMF3.DATE, 0);
        return this.#writer.f64(shape.time);
      case 'dictionary':
        this.#begin(table, AMF3.DICTIONARY, shape.pairs.length);
        return this.#pairs(shape.pairs, depth + 1);
      case 'external':
        this.#beginObject(table, TRAITS.EXTERNALIZABLE, shape.type);
        return this.write(shape.body, depth + 1);
      case 'object':
        this.#beginObject(table, TRAITS.DYNAMIC, shape.type);
        return this.#members(shape.members, depth + 1);
      case 'array':
        this.#begin(table, AMF3.ARRAY, shape.dense.length);
        this.#members(shape.named, depth + 1);
        for (const value of shape.dense) this.write(value, depth + 1);
    }
  }

  /** @param size what stands above the header's lowest bit */
  #begin(table: LuaTable, marker: number, size: number): void {
    this.#objects.set(table, { index: this.#objects.size, marker });
    this.#writer.u8(marker);
    this.#writer.u29((size << 1) | INLINE);
  }

  #beginObject(table: LuaTable, flag: number, type: string): void {
    this.#begin(table, AMF3.OBJECT, (TRAITS.INLINE | flag) >> 1);
    this.#text(type);
  }

  #pairs(pairs: readonly (readonly [LuaValue, LuaValue])[], depth: number): void {
    this.#writer.u8(0); // keys are not weak
    for (const [key, value] of pairs) {
      this.write(key, depth);
      this.write(value, depth);
    }
  }

  #members(members: readonly Member[], depth: number): void {
    for (const [name, value] of members) {
      this.#text(name);
      this.write(value, depth);
    }
    this.#text('');
  }

  #double(value: number): void {
    this.#writer.u8(AMF3.DOUBLE);
    this.#writer.f64(value);
  }

  /** The empty string is never in the table (1.3.2). */
  #text(value: string): void {
    const known = this.#strings.get(value);
    if (known !== undefined) return this.#writer.u29(known << 1);
    if (value !== '') this.#strings.set(value, this.#strings.size);
    this.#writer.u29((value.length << 1) | INLINE);
    this.#writer.text(value);
  }
}

/** AMF3 3.6: what does not fit 29 bits, sign included, goes out as a double. */
export function isInteger29(value: number): boolean {
  return Number.isInteger(value) && value >= -0x10000000 && value < 0x10000000;
}

export function requireDepth(depth: number): void {
  if (depth >= MAX_DEPTH)
    throw new AmfError(`AMF message: tables are nested deeper than ${MAX_DEPTH} levels`);
}

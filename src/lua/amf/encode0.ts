/**
 * Plain values → AMF0, and the marker 0x11 wherever a value goes on in AMF3.
 *
 * Owns AMF0's table of objects, which 0x07 refers to. A table that has gone out as AMF3 is referred to there; so a
 * table is written at most once in each format, and cycles end.
 */
import type { LuaTable } from '../table.js';
import { type Amf3Encoder, isInteger29, requireDepth } from './encode3.js';
import { AmfError } from './error.js';
import { AMF0 } from './markers.js';
import { type AmfInput, AmfOpaque } from './opaque.js';
import { type ObjectShape, type OnUnsupported, shapeOf } from './shape.js';
import type { ByteWriter } from './writer.js';

const U16_MAX = 0xffff;

export class Amf0Encoder {
  readonly #writer: ByteWriter;
  readonly #amf3: Amf3Encoder;
  readonly #preferAmf3: boolean;
  readonly #onUnsupported: OnUnsupported;
  readonly #objects = new Map<LuaTable, number>();

  constructor(
    writer: ByteWriter,
    amf3: Amf3Encoder,
    options: { readonly version: 0 | 3; readonly onUnsupported: OnUnsupported },
  ) {
    this.#writer = writer;
    this.#amf3 = amf3;
    this.#preferAmf3 = options.version === 3;
    this.#onUnsupported = options.onUnsupported;
  }

  /** @param depth how many tables are around the value */
  write(value: AmfInput, depth: number): void {
    if (value === undefined) return this.#writer.u8(AMF0.NULL);
    if (typeof value === 'boolean') return this.#boolean(value);
    if (typeof value === 'number') return this.#number(value);
    if (typeof value === 'string') return this.#string(value);
    if (!(value instanceof AmfOpaque)) return this.#table(value, depth);
    this.#onUnsupported(value.typeName);
    this.#writer.u8(AMF0.NULL);
  }

  #boolean(value: boolean): void {
    this.#writer.u8(AMF0.BOOLEAN);
    this.#writer.u8(value ? 1 : 0);
  }

  #number(value: number): void {
    if (this.#preferAmf3 && isInteger29(value)) return this.#switch().integer(value);
    this.#writer.u8(AMF0.NUMBER);
    this.#writer.f64(value);
  }

  #string(value: string): void {
    if (this.#preferAmf3) return this.#switch().string(value);
    if (value.length <= U16_MAX) {
      this.#writer.u8(AMF0.STRING);
      this.#writer.u16(value.length);
    } else {
      this.#writer.u8(AMF0.LONG_STRING);
      this.#writer.u32(value.length);
    }
    this.#writer.text(value);
  }

  #table(table: LuaTable, depth: number): void {
    if (this.#amf3.knows(table)) return this.#switch().reference(table);
    const index = this.#objects.get(table);
    if (index !== undefined) return this.#reference(index);
    requireDepth(depth);
    const shape = shapeOf(table, this.#onUnsupported);
    if (!this.#preferAmf3 && shape.kind === 'object') return this.#object(table, shape, depth);
    if (!this.#preferAmf3 && shape.kind === 'date') return this.#date(shape.time);
    this.#switch().table(table, shape, depth);
  }

  #switch(): Amf3Encoder {
    this.#writer.u8(AMF0.AVMPLUS_OBJECT);
    return this.#amf3;
  }

  #reference(index: number): void {
    if (index > U16_MAX) {
      throw new AmfError(
        `AMF0 can refer again to the first ${U16_MAX + 1} objects of a message, not to more`,
      );
    }
    this.#writer.u8(AMF0.REFERENCE);
    this.#writer.u16(index);
  }

  #object(table: LuaTable, { type, members }: ObjectShape, depth: number): void {
    this.#objects.set(table, this.#objects.size);
    this.#writer.u8(type === '' ? AMF0.OBJECT : AMF0.TYPED_OBJECT);
    if (type !== '') this.#name(type);
    for (const [name, value] of members) {
      this.#name(name);
      this.write(value, depth + 1);
    }
    this.#writer.u16(0);
    this.#writer.u8(AMF0.OBJECT_END);
  }

  /** AMF0 cannot refer to a date: one that is used twice is written twice. The time zone is always 0 (2.13). */
  #date(time: number): void {
    this.#writer.u8(AMF0.DATE);
    this.#writer.f64(time);
    this.#writer.u16(0);
  }

  #name(name: string): void {
    if (name.length > U16_MAX) {
      throw new AmfError(`AMF0 allows names of up to ${U16_MAX} bytes, and this one has ${name.length}`);
    }
    this.#writer.u16(name.length);
    this.#writer.text(name);
  }
}

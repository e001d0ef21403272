/**
 * Bytes that grow: the primitive types of both formats, big-endian.
 *
 * Invariant: never more than MAX_MESSAGE_BYTES, so that every length fits the 28 bits that AMF3 has for one.
 */
import { AmfError, MAX_MESSAGE_BYTES } from './error.js';

export class ByteWriter {
  #bytes = Buffer.alloc(256);
  #length = 0;

  u8(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.#reserve(2);
    this.#bytes.writeUInt16BE(value, at);
  }

  u32(value: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeUInt32BE(value, at);
  }

  f64(value: number): void {
    const at = this.#reserve(8);
    this.#bytes.writeDoubleBE(value, at);
  }

  /** AMF3 1.3.1; the bits above the 29th are ignored, which makes a negative integer its two's complement. */
  u29(value: number): void {
    const bits = value & 0x1fffffff;
    if (bits >= 0x200000) {
      this.u8(0x80 | (bits >>> 22));
      this.u8(0x80 | (bits >>> 15));
      this.u8(0x80 | (bits >>> 8));
      this.u8(bits);
      return;
    }
    if (bits >= 0x4000) this.u8(0x80 | (bits >>> 14));
    if (bits >= 0x80) this.u8(0x80 | (bits >>> 7));
    this.u8(bits & 0x7f);
  }

  /** A binary string's bytes, without a length. */
  text(value: string): void {
    const at = this.#reserve(value.length);
    this.#bytes.write(value, at, 'latin1');
  }

  /** A copy: the caller owns it. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  #reserve(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > MAX_MESSAGE_BYTES) {
      throw new AmfError(`AMF message: it would be larger than ${MAX_MESSAGE_BYTES} bytes, the most allowed`);
    }
    if (needed > this.#bytes.length) this.#grow(needed);
    this.#length = needed;
    return at;
  }

  #grow(needed: number): void {
    const larger = Buffer.alloc(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

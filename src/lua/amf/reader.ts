/**
 * A cursor over a message: the primitive types of both formats, big-endian.
 *
 * Invariant: it never reads behind the end, and no count that it has let pass is larger than what is left could hold.
 */
import { AmfError } from './error.js';

export class ByteReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get ended(): boolean {
    return this.#offset === this.#bytes.length;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  i32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  f64(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  /** AMF3 1.3.1: seven bits in each of up to three bytes, all eight of a fourth. */
  u29(): number {
    let value = 0;
    for (let i = 0; i < 3; i++) {
      const byte = this.u8();
      if (byte < 0x80) return (value << 7) | byte;
      value = (value << 7) | (byte & 0x7f);
    }
    return (value << 8) | this.u8();
  }

  /** The next bytes as a binary string. */
  text(length: number): string {
    const start = this.#take(length);
    return this.#bytes.toString('latin1', start, start + length);
  }

  /** Lets a count pass only if so many elements, of at least so many bytes each, can follow. */
  count(elements: number, bytesEach: number): number {
    const left = this.#bytes.length - this.#offset;
    if (elements * bytesEach > left) {
      throw this.error(`${elements} elements announced, but only ${left} bytes are left`);
    }
    return elements;
  }

  /** The error for what begins here, or `back` bytes before. */
  error(reason: string, back = 0): AmfError {
    return new AmfError(`AMF message, offset ${this.#offset - back}: ${reason}`);
  }

  #take(count: number): number {
    const start = this.#offset;
    const left = this.#bytes.length - start;
    if (count > left) throw this.error(`${count} bytes expected, but only ${left} are left`);
    this.#offset += count;
    return start;
  }
}

/** `0x07`, for error messages. */
export function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}

/**
 * What an AMF3 message refers back to by index: its strings and the traits of its objects (1.3.2, 3.12).
 *
 * Owns the count of repeated bytes too. Knows nothing of values. Invariant: only what has been read whole is in a table.
 */
import { REPEATED_BYTES_MAX } from './error.js';
import { TRAITS } from './markers.js';
import type { ByteReader } from './reader.js';

export interface Traits {
  /** The class name; empty for an anonymous object. */
  readonly type: string;
  readonly externalizable: boolean;
  readonly dynamic: boolean;
  /** Names of the sealed members, whose values come first, in this order. */
  readonly members: readonly string[];
  /** Bytes of strings that each further object with these traits repeats. */
  readonly bytes: number;
}

export class Amf3Tables {
  readonly #reader: ByteReader;
  readonly #strings: string[] = [];
  readonly #traits: Traits[] = [];
  #repeatedBytes = 0;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  /** A string without its marker, as names are. The empty one is never in the table. */
  string(): string {
    const header = this.#reader.u29();
    if ((header & 1) === 0) {
      const known = this.find(this.#strings, header >>> 1, 'string');
      this.repeat(known.length);
      return known;
    }
    const text = this.#reader.text(header >>> 1);
    if (text !== '') this.#strings.push(text);
    return text;
  }

  /** @param header the object's, whose lowest bit has said that the object is inline */
  traits(header: number): Traits {
    if ((header & TRAITS.INLINE) === 0) {
      const known = this.find(this.#traits, header >>> 2, 'traits');
      this.repeat(known.bytes);
      return known;
    }
    const type = this.string();
    const externalizable = (header & TRAITS.EXTERNALIZABLE) !== 0;
    const dynamic = (header & TRAITS.DYNAMIC) !== 0;
    const count = externalizable ? 0 : this.#reader.count(header >>> TRAITS.COUNT_SHIFT, 1);
    const members = Array.from({ length: count }, () => this.string());
    const bytes = members.reduce((sum, name) => sum + name.length, type.length);
    const traits = { type, externalizable, dynamic, members, bytes };
    this.#traits.push(traits);
    return traits;
  }

  find<T>(table: readonly T[], index: number, what: string): T {
    const found = table[index];
    if (found === undefined) {
      throw this.#reader.error(`reference to ${what} ${index}, and there are only ${table.length}`);
    }
    return found;
  }

  /** Counts what a reference repeats. */
  repeat(bytes: number): void {
    this.#repeatedBytes += bytes;
    if (this.#repeatedBytes > REPEATED_BYTES_MAX) {
      throw this.#reader.error(`references repeat more than ${REPEATED_BYTES_MAX} bytes of strings`);
    }
  }
}

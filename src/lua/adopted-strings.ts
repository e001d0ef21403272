/**
 * Lua strings made around bytes that are in the heap already, so that what comes from outside is copied once, or read
 * from a socket to where it stays.
 *
 * `lua_pushlstring` asks for a block, puts a header into it and copies the bytes behind that. Here it is lent the very
 * block that it is to copy from (engine/lent-block.ts): header, hash and lists are Lua's own work, and copying bytes
 * onto themselves is no work.
 *
 *   block | room for the header | bytes | room for a 0 |
 *
 * Invariant: how much room the header takes is found out with a string of its own; where a string does not turn out to
 * be made in the block, there are none of these.
 */
import type { LentBlock } from './engine/lent-block.js';
import type { RawLua } from './engine/raw.js';

/** Of both engines, bytes. */
const HEADER = 16;

/** More than Lua's short strings have. */
const SAMPLE = 64;

export class AdoptedStrings {
  readonly #raw: RawLua;
  readonly #lent: LentBlock;

  /** @returns undefined where strings cannot be made in this way */
  static of(raw: RawLua): AdoptedStrings | undefined {
    if (!raw.lentBlock) return undefined;
    const strings = new AdoptedStrings(raw, raw.lentBlock);
    return strings.#works() ? strings : undefined;
  }

  private constructor(raw: RawLua, lent: LentBlock) {
    this.#raw = raw;
    this.#lent = lent;
  }

  /** @returns the address of room for so many bytes, or 0; it is to be given to `push` or `free` */
  reserve(length: number): number {
    const block = this.#raw.malloc(HEADER + length + 1);
    return block === 0 ? 0 : block + HEADER;
  }

  free(address: number): void {
    this.#raw.free(address - HEADER);
  }

  /** Pushes a string of the first `length` bytes. @param reserved how many there was room for */
  push(L: number, address: number, length: number, reserved = length): void {
    const size = HEADER + length + 1;
    // Smaller, it stays where it is, and what is left over is free.
    const block = (length < reserved && this.#raw.realloc(address - HEADER, size)) || address - HEADER;
    this.#lent.lend(block, size);
    try {
      this.#raw.pushlstring(L, block + HEADER, length);
    } finally {
      // Lua has such a string already, or has copied the bytes.
      if (!this.#lent.end()) this.#raw.free(block);
    }
  }

  #works(): boolean {
    const { L } = this.#raw;
    const before = this.#raw.gettop(L);
    const address = this.reserve(SAMPLE);
    if (address === 0) return false;
    for (let i = 0; i < SAMPLE; i++) this.#raw.heap()[address + i] = i;
    this.push(L, address, SAMPLE);
    const made = this.#raw.tolstring(L, -1, 0);
    this.#raw.settop(L, before);
    return made === address;
  }
}

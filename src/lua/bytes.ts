/**
 * Bytes ⇄ Lua strings. But for adopted-strings.ts, nobody else writes into the heap or reads from it.
 *
 * A Lua string is bytes. A "binary string" is those bytes as a JavaScript string, one character each; text is UTF-8,
 * decoded, and used only for what people read.
 */
import { AdoptedStrings } from './adopted-strings.js';
import type { RawLua } from './engine/raw.js';
import { LuaError } from './lua-error.js';

/** Strings up to this length, bytes, are passed through one buffer that the engine keeps. */
const SCRATCH_SIZE = 131_072;
/** It begins at one, as page-aligned.ts says why. Bytes. */
const PAGE = 4096;
/** From here a string is made around its bytes, where that is possible: a copy less is worth more than what it takes. */
const ADOPT_FROM = 4096;
/** Up to here a loop is faster than a view and one copy. */
const SHORT = 128;

/** Bytes that come from outside when it is known where to. */
export interface ByteSource {
  /** How many there is to be room for, 128 KiB at most. */
  readonly room: number;
  /** @returns how many; 0: there are none. Must not throw, and must not enter Lua. */
  readInto(into: Uint8Array): number;
}

interface Copy {
  /** `edition` counts the contents that it has had: who sees the same again need not compare. */
  readonly bytes: Uint8Array & { edition: number };
  /** The same memory, up to the end of the last word. */
  readonly words: Uint32Array;
}

function newCopy(length: number): Copy {
  const words = new Uint32Array((length + 3) >> 2);
  const bytes = new Uint8Array(words.buffer, 0, length);
  return { words, bytes: Object.assign(bytes, { edition: 0 }) };
}

export class Bytes {
  readonly #raw: RawLua;
  readonly #scratch: number;
  readonly #length: number;
  /** The heap, made anew when growing has detached it, and its memory: asking for that takes longer than making a view. */
  #words: Uint32Array = new Uint32Array(0);
  #memory: ArrayBufferLike = this.#words.buffer;
  /** By length: where short strings are copied to. */
  readonly #copies: Copy[] = [];
  readonly #names = new Map<string, number>();
  readonly #adopted: AdoptedStrings | undefined;
  /** Collects all garbage, unless it has just done so in vain. */
  collect: () => void = () => {};

  constructor(raw: RawLua) {
    this.#raw = raw;
    this.#scratch = Math.ceil(raw.malloc(SCRATCH_SIZE + PAGE) / PAGE) * PAGE;
    this.#length = raw.malloc(4);
    this.#adopted = AdoptedStrings.of(raw);
  }

  /** Pushes a Lua string of `bytes`, which are not in this heap. No finalizer may change them: collecting runs some. */
  push(L: number, bytes: Uint8Array): void {
    const adopted = bytes.length >= ADOPT_FROM ? this.#adopted : undefined;
    const address = adopted && (adopted.reserve(bytes.length) || this.#reserveAgain(bytes.length, adopted));
    if (adopted && address) {
      // Asked for now: making room may have grown it.
      this.#raw.heap().set(bytes, address);
      return adopted.push(L, address, bytes.length);
    }
    const at = this.#room(bytes.length);
    this.#raw.heap().set(bytes, at);
    this.#pushFrom(L, at, bytes.length);
  }

  /**
   * Pushes a Lua string of what `source` has, up to 128 KiB: where that is long, it is read to where it stays.
   * @returns its length; 0: nothing is pushed, as there was nothing, or no memory to read it to
   */
  pushRead(L: number, source: ByteSource): number {
    const { room } = source;
    const adopted = this.#adopted;
    const address = adopted ? adopted.reserve(room) : this.#scratch;
    if (address === 0) return 0;
    this.#heapWords();
    const length = source.readInto(new Uint8Array(this.#memory, address, room));
    if (adopted && length >= ADOPT_FROM) {
      adopted.push(L, address, length, room);
      return length;
    }
    try {
      if (length > 0) this.#raw.pushlstring(L, address, length);
    } finally {
      adopted?.free(address);
    }
    return length;
  }

  /** 5.4 would collect itself where it has no memory for a string, and can be left to do so for those in the scratch. */
  #reserveAgain(length: number, adopted: AdoptedStrings): number {
    if (length <= SCRATCH_SIZE && this.#raw.version === '5.4') return 0;
    this.collect();
    return adopted.reserve(length);
  }

  /** Pushes text as UTF-8. */
  pushText(L: number, text: string): void {
    const at = this.#room(text.length * 3);
    this.#pushFrom(L, at, this.#raw.heap().write(text, at), text.length * 3);
  }

  pushBinary(L: number, binary: string): void {
    const at = this.#room(binary.length);
    const heap = this.#raw.heap();
    if (binary.length > 32) heap.write(binary, at, 'latin1');
    else for (let i = 0; i < binary.length; i++) heap[at + i] = binary.charCodeAt(i);
    this.#pushFrom(L, at, binary.length);
  }

  /**
   * The bytes of the string, or of the number as Lua writes it, at `i`.
   * The view is valid until Lua runs again; a number at `i` becomes a string.
   */
  view(L: number, i: number): Uint8Array | undefined {
    const at = this.#raw.tolstring(L, i, this.#length);
    if (at === 0) return undefined;
    const words = this.#heapWords();
    const length = words[this.#length >> 2] as number;
    if (length <= SHORT && (at & 3) === 0) return this.#copied(words, at >> 2, length);
    // Not `subarray`, which makes a Buffer in twice the time.
    return new Uint8Array(this.#memory, at, length);
  }

  /** Pushes into `to` a copy of the string at `i`, without making anything in between. */
  copy(L: number, i: number, to: Bytes, toL: number): void {
    const from = this.#raw.tolstring(L, i, this.#length);
    const heap = this.#raw.heap();
    const length = heap.readUInt32LE(this.#length);
    if (length > SHORT) return to.push(toL, heap.subarray(from, from + length));
    const at = to.#scratch;
    const target = to.#raw.heap();
    for (let k = 0; k < length; k++) target[at + k] = heap[from + k] ?? 0;
    to.#pushFrom(toL, at, length);
  }

  text(L: number, i: number): string | undefined {
    const at = this.#raw.tolstring(L, i, this.#length);
    if (at === 0) return undefined;
    const heap = this.#raw.heap();
    return heap.toString('utf8', at, at + heap.readUInt32LE(this.#length));
  }

  binary(L: number, i: number): string | undefined {
    const at = this.#raw.tolstring(L, i, this.#length);
    if (at === 0) return undefined;
    const heap = this.#raw.heap();
    return heap.toString('latin1', at, at + heap.readUInt32LE(this.#length));
  }

  /** The address of `name` as a C string, made once and kept. */
  name(name: string): number {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const at = this.#allocate(name.length * 3 + 1);
    const heap = this.#raw.heap();
    heap[at + heap.write(name, at)] = 0;
    this.#names.set(name, at);
    return at;
  }

  /** Compiles a chunk and pushes it, or its error message. @returns the status, 0 = good */
  load(L: number, source: Uint8Array, chunkName: string): number {
    const at = this.#room(source.length);
    this.#raw.heap().set(source, at);
    const status = this.#raw.loadbuffer(L, at, source.length, this.name(chunkName));
    this.#done(at, source.length);
    return status;
  }

  #heapWords(): Uint32Array {
    if (this.#words.length === 0) {
      this.#memory = this.#raw.heap().buffer;
      this.#words = new Uint32Array(this.#memory);
    }
    return this.#words;
  }

  /** Copies by words: for a short string that takes less time than making a view does. */
  #copied(from: Uint32Array, at: number, length: number): Uint8Array {
    let copy = this.#copies[length];
    if (!copy) {
      copy = newCopy(length);
      this.#copies[length] = copy;
    }
    const { words, bytes } = copy;
    let i = 0;
    while (i < words.length && words[i] === from[at + i]) i++;
    if (i < words.length) bytes.edition++;
    for (; i < words.length; i++) words[i] = from[at + i] as number;
    return bytes;
  }

  #pushFrom(L: number, at: number, length: number, allocated = length): void {
    this.#raw.pushlstring(L, at, length);
    this.#done(at, allocated);
  }

  #room(size: number): number {
    return size <= SCRATCH_SIZE ? this.#scratch : this.#allocate(size);
  }

  #done(at: number, size: number): void {
    if (size > SCRATCH_SIZE) this.#raw.free(at);
  }

  #allocate(size: number): number {
    const at = this.#raw.malloc(size);
    if (at === 0) throw new LuaError('not enough memory');
    return at;
  }
}

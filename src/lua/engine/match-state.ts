/**
 * Ends a pattern match that is under way. `find`, `match`, `gmatch` and `gsub` are loops in C, in which no hook runs, and
 * a pattern such as "a*b" takes hours for a line of a megabyte that a peer has sent.
 *
 * Their state, lstrlib.c's `MatchState`, lies on C's stack, that of 5.4's gmatch in a userdata. It is found by what it
 * looks like, and what is then changed in it is what a match has to respect:
 *
 *   5.4   | src_init | src_end | p_end | L | how much deeper it may recurse | captures |: with the end at the beginning nothing
 *         matches any more; what goes deeper than now is an error, and what refers to a capture; so is the rest of a gsub,
 *         which has a negative length
 *   5.1   | src_init | src_end | L | number of captures |: the same end, but for gsub, which would copy that rest. Of
 *         `L`, its pattern is known; when it begins with a zero, it has ended, and matches. It is put back by `restore`,
 *         before a script runs: therefore only in the main state, and where gsub calls nothing that has another one.
 *
 * Invariant: called in the middle of anything, it changes nothing but that: what is taken for a state has the address of
 * a string, that of its end and a thread side by side, and the thread is in a function that has been given that string.
 * Out of reach are, in a coroutine, a gmatch of 5.4 and what has a third argument in 5.1.
 */
import { LUA_TNIL, LUA_TSTRING, LUA_TTABLE, LUA_TTHREAD, LUA_TUSERDATA, type RawLua } from './raw.js';

/** Where an object has its type, behind the link to the next one; variants of it are in the higher bits. */
const TYPE_AT = 4;
const TYPE_MASK = 0x0f;

/** Both versions: the characters of a string are behind so many bytes, the last four of which are the length of a long one. */
const STRING_HEADER = 16;
/** 5.4: the length of a short one is in a byte. */
const LONG_VARIANT = 0x10;
const SHORT_LENGTH_AT = 7;

/** 5.4's `GMatchState`: what is in front of `L`, and its size, which its userdata has at `LENGTH_AT` of its header. */
const GMATCH_L_AT = 24;
const GMATCH_SIZE = 292;
const USERDATA_HEADER = 16;
const LENGTH_AT = 8;
/** Of the function that it returns. */
const GMATCH_UPVALUE = 3;

/** Which argument of a gsub it is. */
const PATTERN = 2;

/** MAXCCALLS of lstrlib.c 5.4, LUA_MAXCAPTURES. */
const MAX_DEPTH = 200;
const MAX_CAPTURES = 32;

/** Where the part of C's stack is that is in use, addresses. */
export interface CStack {
  current(): number;
  base(): number;
}

export class MatchState {
  readonly #raw: RawLua;
  /** What patterns were, by address. */
  readonly #changed = new Map<number, Uint8Array>();

  constructor(raw: RawLua) {
    this.#raw = raw;
  }

  /** Ends what matches are under way. @param stop sees to it that nothing more runs in that state */
  end(stop: (L: number) => void): void {
    const { cStack, version } = this.#raw;
    if (!cStack) return;
    const memory = new Memory(this.#raw.heap(), version === '5.4');
    const [from, to] = [cStack.current() >> 2, cStack.base() >> 2];
    if (version === '5.1') {
      for (let i = from + 2; i < to; i++) {
        if (memory.isState51(i) && this.#isSubject(memory, i, 2)) this.#end51(memory, i, stop);
      }
      return;
    }
    for (let i = from + 3; i < to; i++)
      if (memory.isState54(i) && this.#isSubject(memory, i, 3)) memory.end54(i);
    const gmatch = this.#raw.topointer(this.#raw.L, this.#raw.upvalueindex(GMATCH_UPVALUE));
    if (memory.isGmatch(gmatch)) memory.end54((gmatch + GMATCH_L_AT) >> 2);
  }

  /** When the match is over, and nothing has run since. */
  restore(): void {
    if (this.#changed.size === 0) return;
    const heap = this.#raw.heap();
    for (const [address, bytes] of this.#changed) {
      const isAsLeft = heap.subarray(address, address + bytes.length).every((byte) => byte === 0);
      if (isAsLeft) heap.set(bytes, address);
    }
    this.#changed.clear();
  }

  /** Whether the text of the state is what the function that runs in its `L` has been given. */
  #isSubject(memory: Memory, i: number, distance: number): boolean {
    const [L, text] = [memory.word(i), memory.word(i - distance)];
    const { upvalueindex } = this.#raw;
    return [1, upvalueindex(1)].some(
      (index) => this.#raw.type(L, index) === LUA_TSTRING && this.#raw.tolstring(L, index, 0) === text,
    );
  }

  #end51(memory: Memory, i: number, stop: (L: number) => void): void {
    const raw = this.#raw;
    const L = memory.word(i);
    const third = raw.type(L, 3);
    // A gsub always has a third argument; another function that has one, where to begin, is ended in the same way.
    if (third <= LUA_TNIL) memory.end51(i);
    else if (L === raw.L && third !== LUA_TTABLE && raw.iscfunction(L, 3) === 0) this.#endPattern(L);
    stop(L);
  }

  #endPattern(L: number): void {
    if (this.#raw.type(L, PATTERN) !== LUA_TSTRING) return;
    const heap = this.#raw.heap();
    const address = this.#raw.tolstring(L, PATTERN, 0);
    const end = heap.indexOf(0, address);
    if (end <= address) return;
    this.#changed.set(address, Uint8Array.from(heap.subarray(address, end)));
    heap.fill(0, address, end);
  }
}

/** The heap by words: what is where. */
class Memory {
  readonly #bytes: Buffer;
  readonly #words: Uint32Array;
  readonly #hasVariants: boolean;

  constructor(bytes: Buffer, hasVariants: boolean) {
    this.#bytes = bytes;
    this.#words = new Uint32Array(bytes.buffer, 0, bytes.length >> 2);
    this.#hasVariants = hasVariants;
  }

  word(i: number): number {
    return this.#words[i] as number;
  }

  /** Whether there is the `L` of a MatchState at word `i`. */
  isState51(i: number): boolean {
    if (!this.#isThread(this.word(i)) || this.word(i + 1) > MAX_CAPTURES) return false;
    return this.#isString(this.word(i - 2), this.word(i - 1));
  }

  isState54(i: number): boolean {
    if (!this.#isThread(this.word(i)) || this.word(i + 1) > MAX_DEPTH) return false;
    return this.#isString(this.word(i - 3), this.word(i - 2));
  }

  /** Whether the value at the address is what gmatch keeps: 5.4 has it in a userdata. */
  isGmatch(address: number): boolean {
    const header = address - USERDATA_HEADER;
    if (address === 0 || this.#typeOf(header) !== LUA_TUSERDATA) return false;
    const isOfSize = this.word((header + LENGTH_AT) >> 2) === GMATCH_SIZE;
    return isOfSize && this.isState54((address + GMATCH_L_AT) >> 2);
  }

  end51(i: number): void {
    this.#words[i - 1] = this.word(i - 2);
  }

  end54(i: number): void {
    this.#words[i - 2] = this.word(i - 3);
    this.#words[i + 1] = 0;
    this.#bytes[(i + 2) * 4] = 0;
  }

  #isThread(address: number): boolean {
    return (address & 3) === 0 && address > 0 && this.#bytes[address + TYPE_AT] === LUA_TTHREAD;
  }

  #isString(start: number, end: number): boolean {
    const object = start - STRING_HEADER;
    return object > 0 && this.#typeOf(object) === LUA_TSTRING && end - start === this.#lengthOf(object);
  }

  #lengthOf(object: number): number {
    const isShort = this.#hasVariants && ((this.#bytes[object + TYPE_AT] ?? 0) & LONG_VARIANT) === 0;
    return isShort ? (this.#bytes[object + SHORT_LENGTH_AT] ?? 0) : this.word((object >> 2) + 3);
  }

  #typeOf(object: number): number {
    return (this.#bytes[object + TYPE_AT] ?? 0) & TYPE_MASK;
  }
}

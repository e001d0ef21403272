/**
 * Ends a pattern match that is under way. `find`, `match`, `gmatch` and `gsub` are loops in C, in which no hook runs, and
 * a pattern such as "a*b" takes hours for a line of a megabyte that a peer has sent.
 *
 * Their state, lstrlib.c's `MatchState`, lies on C's stack, that of 5.4's gmatch in a userdata. It is found by what it
 * looks like, and what is then changed in it is what a match has to respect:
 *
 *   5.4   | src_init | src_end | p_end | L | how much deeper it may recurse |: with the end at the beginning nothing matches
 *         any more, and what goes deeper than now is an error; so is the rest of a gsub, which has a negative length
 *   5.1   | src_init | src_end | L | number of captures |: of `L`, the pattern is known; when it begins with a zero, it
 *         has ended, and matches. It is put back by `restore`.
 *
 * Invariant: called in the middle of anything, it changes nothing but that.
 */
import { LUA_TSTRING, LUA_TTHREAD, type RawLua } from './raw.js';

/** Where a lua_State has its type, behind the link to the next object. */
const TYPE_AT = 4;

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
  readonly #stack: CStack | undefined;
  /** What patterns were, by address. */
  readonly #changed = new Map<number, Uint8Array>();

  constructor(raw: RawLua) {
    this.#raw = raw;
    this.#stack = raw.cStack;
  }

  /** Ends what matches are under way. */
  end(): void {
    if (!this.#stack) return;
    const heap = this.#raw.heap();
    const words = new Uint32Array(heap.buffer, 0, heap.length >> 2);
    const [from, to] = [this.#stack.current() >> 2, this.#stack.base() >> 2];
    if (this.#raw.version === '5.1') return this.#end51(words, from, to);
    // Only gmatch keeps it elsewhere, and then there is none on the stack.
    if (!endDeeper(words, heap, from, to)) endDeeper(words, heap, to, words.length);
  }

  /** When nothing runs any more. */
  restore(): void {
    const heap = this.#raw.heap();
    for (const [address, bytes] of this.#changed) heap.set(bytes, address);
    this.#changed.clear();
  }

  #end51(words: Uint32Array, from: number, to: number): void {
    const heap = this.#raw.heap();
    for (let i = from + 2; i < to; i++) {
      const L = at(words, i);
      if (!isThread(heap, L) || at(words, i - 2) > at(words, i - 1) || at(words, i + 1) > MAX_CAPTURES)
        continue;
      // An argument of `find`, `match` and `gsub`, an upvalue of what gmatch has returned.
      this.#endPattern(L, 2, heap);
      this.#endPattern(L, this.#raw.upvalueindex(2), heap);
    }
  }

  #endPattern(L: number, i: number, heap: Buffer): void {
    if (this.#raw.type(L, i) !== LUA_TSTRING) return;
    const address = this.#raw.tolstring(L, i, 0);
    const end = heap.indexOf(0, address);
    if (address === 0 || end <= address || this.#changed.has(address)) return;
    this.#changed.set(address, Uint8Array.from(heap.subarray(address, end)));
    heap.fill(0, address, end);
  }
}

/** @returns whether there is a state between the two words */
function endDeeper(words: Uint32Array, heap: Buffer, from: number, to: number): boolean {
  let found = false;
  for (let i = from + 3; i < to - 1; i++) {
    const depth = at(words, i + 1);
    if (depth === 0 || depth > MAX_DEPTH || !isThread(heap, at(words, i))) continue;
    if (at(words, i - 3) > at(words, i - 2) || at(words, i - 1) >= heap.length) continue;
    words[i - 2] = at(words, i - 3);
    words[i + 1] = 0;
    found = true;
  }
  return found;
}

function isThread(heap: Buffer, address: number): boolean {
  return address > 0 && (address & 3) === 0 && heap[address + TYPE_AT] === LUA_TTHREAD;
}

function at(words: Uint32Array, i: number): number {
  return words[i] as number;
}

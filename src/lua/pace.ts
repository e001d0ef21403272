/**
 * When the garbage collector of a busy VM begins, and how far it goes at a time.
 *
 * Lua begins a cycle when the heap has doubled. That of a small script doubles with every few long messages, and each
 * cycle marks all of its libraries again: a sixth of the time of an echo of 64 KiB. Where cycles follow each other so
 * soon, the next one is put off, between two entries and once, until there is `GARBAGE_KIB`.
 *
 * Invariant: what a script has set stays, and 5.4 shows no other setting than Lua's own. A long entry that builds a large
 * heap is collected in it as ever, after those bytes at most.
 */
import type { CollectGarbage } from './collect-garbage.js';
import type { RawLua } from './engine/raw.js';

/** What there may be to collect, KiB. */
const GARBAGE_KIB = 1536;

/** A cycle that ends so soon after the last, milliseconds, comes too often. */
const OFTEN_MS = 50;

/**
 * How far the collector of 5.1 goes in a step, of which it makes one for each string, however long: 50 KiB. With its own
 * 2 KiB, strings of 64 KiB outrun it: 45 MiB in use became 256, and a message was lost for want of memory.
 */
const STEP_51 = 5000;
const DEFAULT_STEP_51 = 200;

/** Bytes of heap from which it matters. Below, it would only begin its cycles sooner. */
const LARGE_HEAP = 16_777_216;

export class Pace {
  /** A cycle has ended since `adapt` was called last. */
  cycled = false;
  readonly #raw: RawLua;
  readonly #collectGarbage: CollectGarbage;
  #hurried = false;
  #endedAt = Number.NEGATIVE_INFINITY;

  constructor(raw: RawLua, collectGarbage: CollectGarbage) {
    this.#raw = raw;
    this.#collectGarbage = collectGarbage;
  }

  /** At the end of an entry: in a finalizer the collector cannot be told anything. */
  adapt(): void {
    this.cycled = false;
    if (this.#raw.version === '5.4') this.#putOff();
    else if (!this.#hurried && this.#raw.heap().length > LARGE_HEAP) this.#hurry();
  }

  #putOff(): void {
    const now = performance.now();
    const often = now - this.#endedAt < OFTEN_MS;
    this.#endedAt = now;
    if (!often) return;
    // A heap that has doubled has as much to collect as it has in use.
    const more = Math.floor(GARBAGE_KIB - this.#collectGarbage.ask('count'));
    if (more > 0) this.#collectGarbage.ask('step', -more);
  }

  /** The collector of 5.1 cannot be put off. */
  #hurry(): void {
    this.#hurried = true;
    const before = this.#collectGarbage.ask('setstepmul', STEP_51);
    if (before !== DEFAULT_STEP_51) this.#collectGarbage.ask('setstepmul', before);
  }
}

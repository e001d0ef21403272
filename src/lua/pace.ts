/**
 * When the garbage collector of a busy VM begins, and how far it goes at a time.
 *
 * Lua begins a cycle when the heap has doubled. That of a small script doubles with every few long messages, and each
 * cycle marks all of its libraries again: a sixth of the time of an echo of 64 KiB. Where cycles follow each other so
 * soon, the next one is put off, once, until there is `GARBAGE_KIB`: in 5.4 between two entries, in 5.1, which decides it
 * when a cycle ends, by the pause of that moment, and for so many entries at most.
 *
 * Invariant: what a script has set stays, and it sees no setting of ours. A long entry that builds a large heap is
 * collected in it as ever, after those bytes at most.
 */
import type { CollectGarbage } from './collect-garbage.js';
import type { RawLua } from './engine/raw.js';

/** What there may be to collect, KiB. */
const GARBAGE_KIB = 4096;

/**
 * The same in 5.4 for what takes more than `FEW_ENTRIES` to make so much: what the host keeps for objects that are closed,
 * such as connections, waits for the cycle as well.
 */
const SHORT_GARBAGE_KIB = 1536;
const FEW_ENTRIES = 100;

/** A cycle that ends so soon after the last, milliseconds, comes too often. */
const OFTEN_MS = 50;

/**
 * In 5.1, which has all strings in one table and hashes 32 bytes of each, many small ones that are alike slow each other
 * down. A few entries are enough to make a cycle cheap; when messages become shorter meanwhile, it does not wait longer
 * than for four times as many.
 */
const ENTRIES_51 = 100;

/**
 * 5.1 does not collect when it is out of memory, it fails: with its own pause from a third of the limit on. A cycle begins
 * at the latest when so much of the limit is in use as Lua counts, because the blocks of small objects are a quarter
 * larger, and the heap grows by a fifth; where nearly as much is no garbage, after so much more.
 */
const FULL = 0.6;
const LEAST_GARBAGE = 0.1;

/** Lua's own: a cycle begins when there is so much, percent of what the last one has left. */
const DEFAULT_PAUSE = 200;

/**
 * How far the collector of 5.1 goes in a step, of which it makes one for each string, however long: 50 KiB. With its own
 * 2 KiB, strings of 64 KiB outrun it: 45 MiB in use became 256, and a message was lost for want of memory.
 */
const STEP_51 = 5000;

export class Pace {
  readonly #raw: RawLua;
  readonly #collectGarbage: CollectGarbage;
  /** A cycle has ended since the last entry did. */
  #cycled = false;
  #often = false;
  #endedAt = Number.NEGATIVE_INFINITY;
  /** Since the last cycle ended, and whether there were few in that. */
  #entries = 0;
  #few = false;
  /** What the next cycle of 5.1 waits for, KiB, and whether that is more than Lua's own pause. */
  #garbage = 0;
  #isLate = false;
  /** The pause that is ours until the entry ends, or Lua's. */
  #pause = DEFAULT_PAUSE;

  constructor(raw: RawLua, collectGarbage: CollectGarbage) {
    this.#raw = raw;
    this.#collectGarbage = collectGarbage;
    if (raw.version === '5.1') collectGarbage.ask('setstepmul', STEP_51);
  }

  /** In the finalizer that a cycle ends with. */
  onCycle(): void {
    const now = performance.now();
    // Those within one entry, such as the load, say nothing about the next ones.
    this.#often = this.#entries > 0 && now - this.#endedAt < OFTEN_MS;
    this.#endedAt = now;
    this.#cycled = true;
    if (this.#raw.version === '5.1') this.#setPause(this.#pauseAfter(this.#entries));
    this.#few = this.#entries < FEW_ENTRIES;
    this.#entries = 0;
  }

  /** At the end of an entry: in a finalizer the collector of 5.4 cannot be told anything. */
  onEntry(): void {
    // It would also restart a collector that was stopped, which scripts cannot do (sandbox.lua).
    if (++this.#entries === 4 * ENTRIES_51 && this.#isLate) this.#collectGarbage.ask('step');
    if (!this.#cycled) return;
    this.#cycled = false;
    if (this.#raw.version === '5.4') return this.#putOff();
    this.#setPause(DEFAULT_PAUSE);
  }

  get #count(): number {
    return this.#collectGarbage.ask('count');
  }

  #putOff(): void {
    if (!this.#often) return;
    // A heap that has doubled has as much to collect as it has in use.
    const more = Math.floor((this.#few ? GARBAGE_KIB : SHORT_GARBAGE_KIB) - this.#count);
    if (more > 0) this.#collectGarbage.ask('step', -more);
  }

  /** @param entries that have made what the ending cycle of 5.1 has collected */
  #pauseAfter(entries: number): number {
    const inUse = Math.max(1, this.#count);
    const ofEntries = this.#often ? (this.#garbage * ENTRIES_51) / Math.max(1, entries) : 0;
    // A heap that has doubled has as much to collect as it has in use.
    const wanted = Math.max(inUse, Math.min(GARBAGE_KIB, ofEntries));
    const room = (this.#raw.memory.limit * FULL) / 1024 - inUse;
    this.#garbage = Math.max(inUse * LEAST_GARBAGE, Math.min(wanted, room));
    this.#isLate = this.#garbage > inUse;
    return Math.floor(100 * (1 + this.#garbage / inUse));
  }

  /** Of 5.1. A script's own stays; what it sees is its own (sandbox.lua). */
  #setPause(pause: number): void {
    if (pause === this.#pause) return;
    const before = this.#collectGarbage.ask('setpause', pause);
    const isScripts = before !== this.#pause;
    if (isScripts) this.#collectGarbage.ask('setpause', before);
    this.#pause = isScripts ? DEFAULT_PAUSE : pause;
  }
}

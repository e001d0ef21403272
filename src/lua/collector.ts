/**
 * Collects all garbage of a VM that has run out of memory. Neither engine does it where it is needed: 5.1 never, 5.4
 * not for the buffers in which it makes long strings.
 *
 * Invariant: where it frees little it takes a tenth of the time at most, so that an application that lives at its
 * limit is not the others' trouble as well.
 */
import type { CollectGarbage } from './collect-garbage.js';
import type { RawLua } from './engine/raw.js';

/** Times its own duration that a collection is not repeated when it has left the heap more than half full. */
const REST = 10;

export class Collector {
  readonly #raw: RawLua;
  readonly #collectGarbage: CollectGarbage;
  #restUntil = 0;

  constructor(raw: RawLua, collectGarbage: CollectGarbage) {
    this.#raw = raw;
    this.#collectGarbage = collectGarbage;
  }

  /** At the end of an entry, or while its arguments are pushed. */
  run(): void {
    const begun = performance.now();
    if (begun < this.#restUntil) return;
    const raw = this.#raw;
    raw.memory.collecting = true;
    // The second time frees what the finalizers of the first have let go.
    for (let i = 0; i < 2; i++) this.#collectGarbage.run();
    raw.memory.collecting = false;
    raw.memory.refused = false;
    const now = performance.now();
    this.#restUntil =
      this.#collectGarbage.ask('count') * 1024 > raw.heap().length / 2 ? now + (now - begun) * REST : now;
  }
}

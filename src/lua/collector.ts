/**
 * Collects all garbage of a VM that has run out of memory. Neither engine does it where it is needed: 5.1 never, 5.4
 * not for the buffers in which it makes long strings.
 *
 * Invariant: where it frees little it takes a tenth of the time at most, so that an application that lives at its
 * limit is not the others' trouble as well.
 */
import type { LuaVm } from './vm.js';

/** Times its own duration that a collection is not repeated when it has left the heap more than half full. */
const REST = 10;

export class Collector {
  readonly #vm: LuaVm;
  readonly #collectgarbage: number;
  #restUntil = 0;

  /** @param slot of the registry, for `collectgarbage` as it is now, before a script can replace it */
  constructor(vm: LuaVm, slot: number) {
    this.#vm = vm;
    this.#collectgarbage = slot;
    const { raw, L, bytes } = vm;
    raw.pushglobals(L);
    raw.getfield(L, -1, bytes.name('collectgarbage'));
    raw.refset(L, slot);
    raw.settop(L, -2);
  }

  /** At the end of an entry, with an empty stack but for the message handler. */
  run(): void {
    const begun = performance.now();
    if (begun < this.#restUntil) return;
    const { raw, L } = this.#vm;
    raw.memory.collecting = true;
    // The second time frees what the finalizers of the first have let go.
    for (let i = 0; i < 2; i++) {
      raw.refget(L, this.#collectgarbage);
      raw.pcall(L, 0, 0, 0);
      raw.settop(L, 1);
    }
    raw.memory.collecting = false;
    raw.memory.refused = false;
    const now = performance.now();
    this.#restUntil = this.#used() > raw.heap().length / 2 ? now + (now - begun) * REST : now;
  }

  /** Bytes. */
  #used(): number {
    const { raw, L, bytes } = this.#vm;
    raw.refget(L, this.#collectgarbage);
    bytes.pushText(L, 'count');
    const used = raw.pcall(L, 1, 1, 0) === 0 ? raw.tonumber(L, -1) * 1024 : 0;
    raw.settop(L, 1);
    return used;
  }
}

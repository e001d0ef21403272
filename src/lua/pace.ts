/**
 * When the garbage collector of a busy VM begins, and how far it goes at a time.
 *
 * Lua begins a cycle when the heap has doubled. That of a small script doubles with every few long messages, and each
 * cycle marks all of its libraries again: a sixth of the time of an echo of 64 KiB. Where cycles follow each other so
 * soon, the next one is put off, between two entries and once, until there is `GARBAGE`, which stays in the caches.
 *
 * Invariant: what a script has set stays, and 5.4 shows no other setting than Lua's own. A long entry that builds a large
 * heap is collected in it as ever, after those bytes at most.
 */
import type { LuaVm } from './vm.js';

/** What there may be to collect, KiB. */
const GARBAGE_KIB = 768;

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
  readonly #vm: LuaVm;
  readonly #collectgarbage: number;
  readonly #options: Readonly<Record<'count' | 'step' | 'setstepmul', number>>;
  #hurried = false;
  #endedAt = Number.NEGATIVE_INFINITY;

  /** @param slot of the registry, with `collectgarbage` as it is now */
  constructor(vm: LuaVm, slot: number) {
    this.#vm = vm;
    this.#collectgarbage = slot;
    // Made now: there may be no memory to make them when they are needed.
    this.#options = {
      count: keep(vm, 'count'),
      step: keep(vm, 'step'),
      setstepmul: keep(vm, 'setstepmul'),
    };
  }

  /** At the end of an entry: in a finalizer the collector cannot be told anything. */
  adapt(): void {
    this.cycled = false;
    if (this.#vm.raw.version === '5.4') this.#putOff();
    else if (!this.#hurried && this.#vm.raw.heap().length > LARGE_HEAP) this.#hurry();
  }

  #putOff(): void {
    const now = performance.now();
    const often = now - this.#endedAt < OFTEN_MS;
    this.#endedAt = now;
    if (!often) return;
    // A heap that has doubled has as much to collect as it has in use.
    const more = Math.floor(GARBAGE_KIB - this.#ask(this.#options.count, 0));
    if (more > 0) this.#ask(this.#options.step, -more);
  }

  /** The collector of 5.1 cannot be put off. */
  #hurry(): void {
    this.#hurried = true;
    const before = this.#ask(this.#options.setstepmul, STEP_51);
    if (before !== DEFAULT_STEP_51) this.#ask(this.#options.setstepmul, before);
  }

  #ask(option: number, value: number): number {
    const { raw, L } = this.#vm;
    raw.refget(L, this.#collectgarbage);
    raw.refget(L, option);
    raw.pushinteger(L, value);
    const answer = raw.pcall(L, 2, 1, 0) === 0 ? raw.tonumber(L, -1) : 0;
    raw.settop(L, -2);
    return answer;
  }
}

/** @returns the slot of the registry */
function keep(vm: LuaVm, text: string): number {
  const slot = vm.ref();
  vm.bytes.pushText(vm.L, text);
  vm.raw.refset(vm.L, slot);
  return slot;
}

/**
 * How early and how fast the garbage collector of a VM works.
 *
 * Lua begins a cycle when the heap has doubled. That of a small script doubles with every few long messages, and each
 * cycle marks all of its libraries again: a sixth of the time of an echo of 64 KiB. A machine that collects all the
 * time waits for `GARBAGE` bytes instead, which stay in the caches; one that seldom does stays as small as it was, so
 * that a hundred quiet applications need no more memory than before.
 *
 * Invariant: a script that has set a pause itself keeps it.
 */
import type { LuaVm } from './vm.js';

/** Per cent of what was in use after the last cycle: Lua's own default in both versions. */
const DEFAULT_PAUSE = 200;
/** The longest pause that 5.4 can keep. */
const MAX_PAUSE = 1000;
/** 5.4 keeps a pause in steps of 4; larger ones, so that it is not set again for every small change. */
const STEP = 20;

/** What a busy machine may waste, bytes; the smallest memory limit is twenty times this. */
const GARBAGE = 786_432;

/**
 * How far the collector of 5.1 goes in a step, of which it makes one for each string, however long: 50 KiB. With its own
 * 2 KiB, strings of 64 KiB outrun it: 45 MiB in use became 256, and a message was lost for want of memory.
 */
const STEP_51 = 5000;

/** A cycle that begins so soon after the last, milliseconds, comes too often. */
const OFTEN_MS = 50;
/** When they are so far apart, milliseconds, it is quiet again. */
const SELDOM_MS = 1000;

export class Pace {
  /** A cycle has ended since `adapt` was called last. */
  cycled = false;
  readonly #vm: LuaVm;
  readonly #collectgarbage: number;
  #pause = DEFAULT_PAUSE;
  #endedAt = Number.NEGATIVE_INFINITY;
  #ours = true;

  /** @param slot of the registry, with `collectgarbage` as it is now */
  constructor(vm: LuaVm, slot: number) {
    this.#vm = vm;
    this.#collectgarbage = slot;
    if (vm.raw.version === '5.1') this.#ask('setstepmul', STEP_51);
  }

  /** At the end of an entry: finalizers must not change the pause. */
  adapt(): void {
    this.cycled = false;
    if (!this.#ours) return;
    const now = performance.now();
    const apart = now - this.#endedAt;
    this.#endedAt = now;
    if (apart < OFTEN_MS) this.#set(this.#wide());
    else if (apart > SELDOM_MS) this.#set(DEFAULT_PAUSE);
  }

  #wide(): number {
    const used = this.#ask('count', 0) * 1024;
    const pause = Math.ceil((used + GARBAGE) / used / (STEP / 100)) * STEP;
    return Math.min(Math.max(pause, DEFAULT_PAUSE), MAX_PAUSE);
  }

  #set(pause: number): void {
    if (pause === this.#pause) return;
    const before = this.#ask('setpause', pause);
    this.#ours = before === this.#pause;
    if (this.#ours) this.#pause = pause;
    else this.#ask('setpause', before);
  }

  #ask(option: string, value: number): number {
    const { raw, L, bytes } = this.#vm;
    raw.refget(L, this.#collectgarbage);
    bytes.pushText(L, option);
    raw.pushnumber(L, value);
    const answer = raw.pcall(L, 2, 1, 0) === 0 ? raw.tonumber(L, -1) : Number.NaN;
    raw.settop(L, -2);
    return answer;
  }
}

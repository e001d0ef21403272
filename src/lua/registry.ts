/**
 * Slots of Lua's registry: values that are kept for as long as somebody outside of Lua needs them.
 */
import type { LuaVm } from './vm.js';

export class Registry {
  readonly #vm: LuaVm;
  readonly #free: number[] = [];
  #next = 1;
  /** Slots that only spare making something again: whoever counts what is left leaves them out. */
  cached = 0;

  constructor(vm: LuaVm) {
    this.#vm = vm;
  }

  /** Slots in use. */
  get size(): number {
    return this.#next - 1 - this.#free.length;
  }

  /** A free slot. */
  ref(): number {
    return this.#free.pop() ?? this.#next++;
  }

  /** Lets go of what is in the slot, which is free then. */
  unref(id: number): void {
    const { raw, L, usable } = this.#vm;
    if (!usable) return;
    raw.pushnil(L);
    raw.refset(L, id);
    this.#free.push(id);
  }
}

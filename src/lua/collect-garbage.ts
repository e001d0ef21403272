/**
 * Lua's `collectgarbage` as it is when the machine is made, before a script can replace it.
 */
import type { LuaVm } from './vm.js';

const OPTIONS = ['count', 'step', 'setpause', 'setstepmul'] as const;
type Option = (typeof OPTIONS)[number];

export class CollectGarbage {
  readonly #vm: LuaVm;
  readonly #function: number;
  /** Registry slots. Made now: there may be no memory to make the strings when they are needed. */
  readonly #options: Readonly<Record<Option, number>>;

  constructor(vm: LuaVm) {
    const { raw, L, bytes } = vm;
    this.#vm = vm;
    this.#function = vm.registry.ref();
    raw.pushglobals(L);
    raw.getfield(L, -1, bytes.name('collectgarbage'));
    raw.refset(L, this.#function);
    raw.settop(L, -2);
    const slots = OPTIONS.map((option) => {
      const slot = vm.registry.ref();
      bytes.pushText(L, option);
      raw.refset(L, slot);
      return [option, slot];
    });
    this.#options = Object.fromEntries(slots);
  }

  /** A whole cycle, finalizers included. */
  run(): void {
    const { raw, L } = this.#vm;
    raw.refget(L, this.#function);
    if (raw.pcall(L, 0, 0, 0) !== 0) raw.settop(L, -2);
  }

  /** @returns the answer as a number; 0 when there is none */
  ask(option: Option, value = 0): number {
    const { raw, L } = this.#vm;
    raw.refget(L, this.#function);
    raw.refget(L, this.#options[option]);
    raw.pushinteger(L, value);
    const answer = raw.pcall(L, 2, 1, 0) === 0 ? raw.tonumber(L, -1) : 0;
    raw.settop(L, -2);
    return answer;
  }
}

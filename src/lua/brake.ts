/**
 * Ends what a VM is running, from outside, with a Lua error at the next instruction.
 *
 * A hook belongs to one lua_State. The main state has none until the brake is pressed; coroutines, which nobody can
 * find in a hurry, are created with one that looks at the brake now and then. Invariant: once released no error
 * comes, whatever hooks are left; they remove themselves.
 */
import type { Bytes } from './bytes.js';
import { MatchState } from './engine/match-state.js';
import { MASK_COUNT, type RawLua } from './engine/raw.js';
import { scriptPosition } from './position.js';

/**
 * Instructions between two looks of a coroutine at the brake. What costs is that there is a hook: a coroutine's
 * CPU-bound code takes up to 2.5 times as long; its count makes no difference from here on.
 */
const COROUTINE_COUNT = 1000;

export class Brake {
  readonly #raw: RawLua;
  readonly #bytes: Bytes;
  readonly #hook: number;
  readonly #matching: MatchState;
  #reason: string | undefined;
  /** Told when what was ended has been left, and nothing runs in the VM. */
  onRelease: (() => void) | undefined;

  constructor(raw: RawLua, bytes: Bytes) {
    this.#raw = raw;
    this.#bytes = bytes;
    this.#matching = new MatchState(raw);
    this.#hook = raw.addFunction((L) => this.#onHook(L), 'vii');
  }

  get pressed(): boolean {
    return this.#reason !== undefined;
  }

  /** Every instruction raises `reason` from now on. */
  press(reason: string): void {
    this.#reason = reason;
    this.#raw.sethook(this.#raw.L, this.#hook, MASK_COUNT, 1);
  }

  /** The same in the middle of whatever runs: in C as well. */
  interrupt(reason: string): void {
    this.press(reason);
    this.#matching.end((L) => this.#raw.sethook(L, this.#hook, MASK_COUNT, 1));
  }

  /** Only when nothing runs in the VM. */
  release(): void {
    if (this.#reason === undefined) return;
    this.#reason = undefined;
    this.#raw.sethook(this.#raw.L, 0, 0, 0);
    this.#matching.restore();
    this.onRelease?.();
  }

  /** Gives `L` the hook of a coroutine, which the coroutines that it creates inherit. */
  arm(L: number): void {
    if (this.#reason !== undefined) this.#raise(L, this.#reason);
    this.#raw.sethook(L, this.#hook, MASK_COUNT, COROUTINE_COUNT);
  }

  /** Takes it from the main state again. */
  disarm(L: number): void {
    if (L === this.#raw.L && this.#reason === undefined) this.#raw.sethook(L, 0, 0, 0);
  }

  #onHook(L: number): undefined {
    this.#matching.restore();
    if (this.#reason !== undefined) {
      if (L !== this.#raw.L) this.#raw.allowhooks(L);
      this.#raise(L, this.#reason);
    } else if (L === this.#raw.L) this.#raw.sethook(L, 0, 0, 0);
    else this.#raw.sethook(L, this.#hook, MASK_COUNT, COROUTINE_COUNT);
  }

  /** With the position of the innermost function that is the script's own. */
  #raise(L: number, reason: string): void {
    this.#bytes.pushText(L, scriptPosition(this.#raw, this.#bytes, L, 0) + reason);
    this.#raw.error(L);
  }
}

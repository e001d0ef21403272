/**
 * The errors of one application's scripts on their way to the log: each at once, but the same one again at most once a
 * second, with a count. A script that fails at each message must not bury the log.
 *
 * It knows no Lua. Invariant: every error is logged or counted, and every count is logged, at the latest by `close`.
 */

import type { Origin } from '../logger.js';

/** How long the same error is only counted, milliseconds. */
export const QUIET_MS = 1000;

/** So many different errors are remembered; further ones are logged each time, until there is room. */
const REMEMBERED_MAX = 100;

interface Repeat {
  /** How often it came again since it was last logged. */
  count: number;
  readonly origin: Origin;
}

export class ErrorReport {
  readonly #log: (text: string, origin: Origin) => void;
  readonly #repeats = new Map<string, Repeat>();
  #timer: NodeJS.Timeout | undefined;

  /** @param log writes one error; its first line holds the position and the reason */
  constructor(log: (text: string, origin: Origin) => void) {
    this.#log = log;
  }

  add(text: string, origin: Origin): void {
    const repeat = this.#repeats.get(text);
    if (repeat) {
      repeat.count++;
      return;
    }
    if (this.#repeats.size < REMEMBERED_MAX) this.#repeats.set(text, { count: 0, origin });
    this.#timer ??= setInterval(() => this.#tell(), QUIET_MS).unref();
    this.#log(text, origin);
  }

  /** Logs what has been counted. Harmless when repeated. */
  close(): void {
    this.#tell();
    this.#repeats.clear();
    this.#stop();
  }

  /** What did not come again is forgotten: next time, it is logged at once and whole. */
  #tell(): void {
    for (const [text, repeat] of this.#repeats) {
      const { count, origin } = repeat;
      repeat.count = 0;
      if (count === 0) this.#repeats.delete(text);
      else this.#log(`${firstLineOf(text)} (${count} more like this)`, origin);
    }
    if (this.#repeats.size === 0) this.#stop();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function firstLineOf(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}

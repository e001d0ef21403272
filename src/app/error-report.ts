/**
 * The errors of one application's scripts on their way to the log: each at once, but the same one again at most once a
 * second, with a count. A script that fails at each message must not bury the log.
 *
 * It knows no Lua. Invariant: every error is logged or counted, and every count is logged, at the latest by `close`.
 */

import type { LevelName, Origin } from '../logger.js';

/** How long the same error is only counted, milliseconds. */
export const QUIET_MS = 1000;

/** So many different errors are remembered; further ones are logged each time, until there is room. */
const REMEMBERED_MAX = 100;

/** A longer text, characters, is remembered by its ends: what a script puts into an error may be what it was sent. */
const LONG = 2000;

interface Repeat {
  /** How often it came again since it was last logged. */
  count: number;
  /** What it is called then. */
  readonly line: string;
  readonly level: LevelName;
  readonly origin: Origin;
}

/** Writes one of them; its first line holds the position and the reason. */
type Log = (level: LevelName, text: string, origin: Origin) => void;

export class ErrorReport {
  readonly #log: Log;
  readonly #repeats = new Map<string, Repeat>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  add(text: string, origin: Origin, level: LevelName = 'error'): void {
    const key = keyOf(text);
    const repeat = this.#repeats.get(key);
    if (repeat) {
      repeat.count++;
      return;
    }
    if (this.#repeats.size < REMEMBERED_MAX)
      this.#repeats.set(key, { count: 0, line: firstLineOf(key), level, origin });
    this.#timer ??= setInterval(() => this.#tell(), QUIET_MS).unref();
    this.#log(level, text, origin);
  }

  /** Logs what has been counted. Harmless when repeated. */
  close(): void {
    this.#tell();
    this.#repeats.clear();
    this.#stop();
  }

  /** What did not come again is forgotten: next time, it is logged at once and whole. */
  #tell(): void {
    for (const [key, repeat] of this.#repeats) {
      const { count, line, level, origin } = repeat;
      repeat.count = 0;
      if (count === 0) this.#repeats.delete(key);
      else this.#log(level, `${line} (${count} more like this)`, origin);
    }
    if (this.#repeats.size === 0) this.#stop();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** In memory of its own: a part of a text in JavaScript keeps all of it. */
function keyOf(text: string): string {
  if (text.length <= LONG) return text;
  const ends = `${text.slice(0, LONG / 2)} … ${text.slice(-LONG / 2)} (${text.length} characters)`;
  return Buffer.from(ends, 'utf16le').toString('utf16le');
}

function firstLineOf(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}

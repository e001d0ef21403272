/**
 * The log levels of Cumulus and where a line comes from: the words that the whole logging layer shares.
 *
 * Knows no destination and no format. A higher number is a less important line; a logger set to N takes the
 * lines of level 1 to N, so 0 takes nothing.
 */

export type LevelName = 'fatal' | 'critic' | 'error' | 'warn' | 'note' | 'info' | 'debug' | 'trace';

/** Level → number, as in the original's `--log` option and configuration. */
export const LEVELS: Readonly<Record<LevelName, number>> = {
  fatal: 1,
  critic: 2,
  error: 3,
  warn: 4,
  note: 5,
  info: 6,
  debug: 7,
  trace: 8,
};

/** The script's place that a line is about. `file` is what is shown ("www/main.lua"), `line` counts from 1. */
export interface Origin {
  readonly application?: string;
  readonly file?: string;
  readonly line?: number;
}

const NAMES: ReadonlyMap<string, number> = new Map([['nothing', 0], ...Object.entries(LEVELS)]);

/**
 * The number of a level given as `0`–`8` or by its name, in any case; `nothing` is 0. Anything else: undefined.
 */
export function parseLevel(text: string): number | undefined {
  const word = text.trim().toLowerCase();
  return /^[0-8]$/.test(word) ? Number(word) : NAMES.get(word);
}

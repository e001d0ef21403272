// @ts-check
/** The command line of the soak. */
import { parseArgs } from 'node:util';

export const HELP = `npm run soak -- [MINUTES] [options]

Everything at once for MINUTES (default 10): echo, chat, UDP, mail with a faulty server, reloads, mistakes, deletions,
loops, bombs. Nothing accepted may be lost, and at the end the daemon must be back at the level after warm-up.

  --lua 5.1      the engine (default 5.4)
  --seed N       the same decisions as a run before (default: by the clock)
  --json         print the report as JSON; progress goes to stderr
  --help         this text

Ctrl-C ends it early, with the figures so far. Exit codes: 0 passed, 1 failed, 78 wrong usage.`;

/**
 * @typedef {object} Options
 * @property {number} minutes
 * @property {'5.4' | '5.1'} lua
 * @property {number} seed
 * @property {boolean} json
 * @property {boolean} help
 */

/**
 * @param {readonly string[]} argv
 * @returns {Options}
 * @throws {TypeError} an unknown option or a bad value
 */
export function parseOptions(argv) {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      lua: { type: 'string', default: '5.4' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { lua, seed, json, help } = values;
  const [minutes = '10', ...more] = positionals;
  if (more.length > 0) throw new TypeError(`${more[0]}: there is one argument, the minutes`);
  if (!(Number(minutes) > 0 && Number(minutes) <= 10_080))
    throw new TypeError(`${minutes}: must be minutes, above 0 and up to 10080`);
  if (lua !== '5.4' && lua !== '5.1') throw new TypeError(`--lua ${lua}: must be 5.4 or 5.1`);
  return { minutes: Number(minutes), lua, seed: seedOf(seed), json, help };
}

/** @param {string | undefined} text */
function seedOf(text) {
  const seed = Number(text ?? Date.now() % 1_000_000);
  if (Number.isInteger(seed) && seed >= 0) return seed;
  throw new TypeError(`--seed ${text}: must be an integer from 0`);
}

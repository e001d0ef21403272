// @ts-check
/** The command line of the benchmark. */
import { parseArgs } from 'node:util';

export const HELP = `npm run bench -- [ROW…] [options]

Runs every row, or those named (a name's beginning is enough), against the bare server.

  --rounds N     rounds of each row, 1 to 100 (default 5; echo-64k, whose bare server is fast in one start and
                 slow in the next, 15)
  --patience S   seconds that each round may wait for others on the machine to come to rest (default 0;
                 with --check 20)
  --quick        short runs: an impression, not a measurement
  --lua 5.1      the engine that ours runs (default 5.4)
  --pin          keep server and load generator each on a core of its own (default: on a quiet machine)
  --no-pin       leave it to the system which core a process runs on
  --json         print the report as JSON; progress goes to stderr
  --profile DIR  write CPU profiles of ours to DIR and print where its time goes
  --check        fail when a ratio is 15 % worse than the one recorded in ratios.json, twice in a row
  --record       write the ratios to ratios.json
  --list         name the rows
  --help         this text

Exit codes: 0 done, 1 --check found a row that is worse or something failed, 78 wrong usage.`;

/**
 * @typedef {object} Options
 * @property {readonly string[]} names
 * @property {number} [rounds] without it each row has its own number
 * @property {number} patience
 * @property {'5.4' | '5.1'} lua
 * @property {boolean} quick
 * @property {string} [profile]
 * @property {boolean} [pin]
 * @property {boolean} json
 * @property {boolean} check
 * @property {boolean} record
 * @property {boolean} list
 * @property {boolean} help
 */

const FLAG = /** @type {const} */ ({ type: 'boolean', default: false });

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
      rounds: { type: 'string' },
      patience: { type: 'string' },
      lua: { type: 'string', default: '5.4' },
      profile: { type: 'string' },
      quick: FLAG,
      pin: FLAG,
      'no-pin': FLAG,
      json: FLAG,
      check: FLAG,
      record: FLAG,
      list: FLAG,
      help: FLAG,
    },
  });
  const { rounds, patience, lua, pin, 'no-pin': noPin, ...flags } = values;
  const placing = pin || noPin ? { pin } : {};
  const figures = {
    ...(rounds !== undefined && { rounds: numberOf('rounds', rounds, 1, 100) }),
    patience: numberOf('patience', patience ?? (flags.check ? '20' : '0'), 0, 600),
  };
  return { names: positionals, ...flags, ...placing, ...figures, lua: luaOf(lua) };
}

/** @param {string} option @param {string} text @param {number} least @param {number} most */
function numberOf(option, text, least, most) {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new TypeError(`--${option} ${text}: must be an integer from ${least} to ${most}`);
}

/** @param {string} text */
function luaOf(text) {
  if (text === '5.4' || text === '5.1') return text;
  throw new TypeError(`--lua ${text}: must be 5.4 or 5.1`);
}

/**
 * @param {readonly string[]} names
 * @param {readonly import('./types.js').Row[]} rows
 * @throws {TypeError} a name that no row has
 */
export function chosenRows(names, rows) {
  const unknown = names.find((name) => !rows.some((row) => row.name.startsWith(name)));
  if (unknown !== undefined)
    throw new TypeError(`no row "${unknown}": must be one of ${rows.map(({ name }) => name).join(' ')}`);
  if (names.length === 0) return rows;
  // A name that is a row's whole name means that row alone.
  const wanted = (/** @type {string} */ row, /** @type {string} */ name) =>
    rows.some((other) => other.name === name) ? row === name : row.startsWith(name);
  return rows.filter((row) => names.some((name) => wanted(row.name, name)));
}

// @ts-check
/**
 * `npm run bench`: every row against the bare server, as one table. See options.js for what it takes.
 *
 * Rows run one after the other; a row that fails is reported, and the others run.
 */
import { environmentOf } from './harness/environment.js';
import { topFunctions } from './harness/profile.js';
import { readRatios, worsening, writeRatios } from './harness/ratios.js';
import { roundsOf, runRow } from './harness/rounds.js';
import { tableOf } from './harness/table.js';
import { chosenRows, HELP, parseOptions } from './options.js';
import { rows } from './rows/index.js';

process.exitCode = await main(process.argv.slice(2));

/** @param {readonly string[]} argv @returns {Promise<number>} the exit code */
async function main(argv) {
  let options;
  let chosen;
  try {
    options = parseOptions(argv);
    chosen = chosenRows(options.names, rows);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return 78;
  }
  if (options.help || options.list) {
    console.log(options.help ? HELP : rows.map(({ name, work }) => `${name.padEnd(14)} ${work}`).join('\n'));
    return 0;
  }
  return bench(options, chosen);
}

/**
 * @param {import('./options.js').Options} options
 * @param {readonly import('./types.js').Row[]} chosen
 */
async function bench(options, chosen) {
  const { lua, quick, patience, pin, profile } = options;
  const context = {
    lua,
    quick,
    patience,
    ...(pin !== undefined && { pin }),
    ...(profile !== undefined && { profile }),
  };
  const recorded = readRatios()[options.lua] ?? {};
  /** @type {import('./types.js').Result[]} */
  const results = [];
  const failures = [];
  for (const row of chosen) {
    try {
      const result = await measured(row, options, context, options.check ? recorded[row.name] : undefined);
      results.push(result);
      if (options.check) failures.push(worsening(result, recorded[row.name]));
    } catch (error) {
      failures.push(`${row.name}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  const report = { environment: environmentOf(context), results };
  console.log(options.json ? JSON.stringify(report, undefined, 2) : tableOf(report));
  if (options.record) writeRatios(report);
  if (profile !== undefined) console.error(topFunctions(profile));
  const failed = failures.filter((failure) => failure !== undefined);
  for (const failure of failed) console.error(`FAILED ${failure}`);
  return failed.length === 0 ? 0 : 1;
}

/**
 * A row that is worse than recorded is measured again, with twice the rounds: a neighbour on the machine can spoil
 * one measurement, not two.
 * @param {import('./types.js').Row} row
 * @param {import('./options.js').Options} options
 * @param {Parameters<typeof runRow>[2]} context
 * @param {number | 'met' | 'not met' | undefined} recorded
 */
async function measured(row, options, context, recorded) {
  const rounds = roundsOf(row, options);
  console.error(`${row.name}: ${row.work}`);
  const result = await runRow(row, rounds, context);
  const worse = worsening(result, recorded);
  if (worse === undefined) return result;
  console.error(`${worse}; once more`);
  return runRow(row, rounds * 2, context);
}

// @ts-check
/** `npm run soak`: everything at once, for some minutes. See options.js for what it takes. */
import { HELP, parseOptions } from './options.js';
import { textOf } from './report.js';
import { Soak } from './soak.js';

process.exitCode = await main(process.argv.slice(2));

/** @param {readonly string[]} argv @returns {Promise<number>} the exit code */
async function main(argv) {
  let options;
  try {
    options = parseOptions(argv);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return 78;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const soak = new Soak(options);
  process.once('SIGINT', () => soak.stop());
  process.once('SIGTERM', () => soak.stop());
  try {
    return print(await soak.run((text) => console.error(text)), options.json);
  } catch (error) {
    console.error(error);
    console.log('FAILED');
    return 1;
  }
}

/** @param {import('./types.js').Report} report @param {boolean} json @returns {number} the exit code */
function print(report, json) {
  console.log(json ? JSON.stringify(report, undefined, 2) : textOf(report));
  return report.checks.every(({ ok }) => ok) ? 0 : 1;
}

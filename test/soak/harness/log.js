// @ts-check
/**
 * What the daemons print: trouble that was asked for is counted, any other is kept, and is a failure. Nothing may be
 * wrong that nobody has provoked.
 */

/** Lines that are kept. */
const MOST = 20;

const TROUBLE = /^(?:FATAL|CRITIC|ERROR|WARN)\s|cumulus-server:|internal error|^\s+at |UnhandledPromise/;

/** What the load provokes. */
const PROVOKED = [
  /application \/loops, onReception: .*(?:took longer|time limit|limit)/,
  /application \/bombs, onReception: .*(?:not enough memory|limit)/,
  /application \/broken (?:not reloaded|rolled back)/,
  // Everything runs on one machine, and loops hold up what waits behind them.
  /took \d+ ms/,
];

export class Log {
  /** @type {string[]} */ unexpected = [];
  provoked = 0;
  /** The newest lines of trouble, provoked or not. @type {string[]} */ trouble = [];
  /** The newest lines, whatever they say. @type {string[]} */ last = [];

  /** @param {string} line */
  read(line) {
    this.last = [...this.last.slice(1 - MOST), line];
    if (!TROUBLE.test(line)) return;
    this.trouble = [...this.trouble.slice(1 - MOST), line];
    if (PROVOKED.some((pattern) => pattern.test(line))) this.provoked++;
    else if (this.unexpected.length < MOST) this.unexpected.push(line);
  }
}

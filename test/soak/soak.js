// @ts-check
/**
 * One soak: two daemons (connections drain in the second one), the load, the SMTP server, the editor of scripts. All
 * of them run for a warm-up, come to rest, run on, and come to rest again; the two rests are compared.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { checksOf } from './checks.js';
import { Daemon, scriptOf } from './harness/daemon.js';
import { Ledger } from './harness/ledger.js';
import { levelOf } from './harness/levels.js';
import { Load } from './harness/load.js';
import { Log } from './harness/log.js';
import { freePorts } from './harness/ports.js';
import { randomOf } from './harness/random.js';
import { Saver } from './harness/saver.js';
import { FaultySmtp } from './harness/smtp.js';

/** Part of the time. */
const WARM_UP = 0.2;
/** The mails that wait are sent within so much, milliseconds. */
const MAILS_MS = 60_000;
const LOOK_MS = 50;

const MAIN = ['echo', 'chat', 'udp', 'counter', 'mail', 'loops', 'bombs', 'broken', 'gone', 'orphans'];
const DRAINING = ['lines'];

/** @typedef {import('./types.js').Level} Level */
/** @typedef {{ smtp: FaultySmtp, saver: Saver, load: Load }} Parts */

export class Soak {
  #options;
  #started = performance.now();
  #log = new Log();
  #ledger = new Ledger();
  #stopping = new AbortController();
  /** @type {Daemon[]} */ #daemons = [];
  /** @type {Record<string, number>} */ #ports = {};

  /** @param {import('./options.js').Options} options */
  constructor(options) {
    this.#options = options;
  }

  /** Ends the load early. */
  stop() {
    this.#stopping.abort();
  }

  /**
   * @param {(text: string) => void} progress
   * @returns {Promise<import('./types.js').Report>}
   * @throws when a process has ended that should not have, with the last lines of the log
   */
  async run(progress) {
    const { seed } = this.#options;
    this.#ports = await freePorts([...MAIN, ...DRAINING, 'smtp', 'status', 'drainingStatus']);
    const smtp = new FaultySmtp(this.#ports['smtp'] ?? 0, randomOf(seed + 1), this.#ledger);
    const parts = { smtp, saver: new Saver(randomOf(seed + 2)), load: new Load() };
    try {
      await smtp.start();
      await this.#startDaemons();
      const levels = await this.#phases(parts, progress);
      const load = await parts.load.report();
      return await this.#report(parts, levels, load);
    } catch (error) {
      throw new Error(`the last lines of the log:\n${this.#log.last.join('\n')}`, { cause: error });
    } finally {
      await Promise.all([
        parts.load.close(),
        smtp.close(),
        ...this.#daemons.map((daemon) => daemon.dispose()),
      ]);
    }
  }

  /** @param {Parts} parts @param {(text: string) => void} progress */
  async #phases(parts, progress) {
    const { seed, minutes } = this.#options;
    progress(`warm-up, seed ${seed}`);
    const before = await this.#phase(minutes * WARM_UP, parts, seed);
    // What ends before there is a level says nothing about levels.
    if (this.#stopping.signal.aborted) return [];
    progress('warm; now the load');
    const after = await this.#phase(minutes * (1 - WARM_UP), parts, seed + 10_000);
    return this.#daemons.map(({ name }, i) => ({
      daemon: name,
      before: /** @type {Level} */ (before[i]),
      after: /** @type {Level} */ (after[i]),
    }));
  }

  /** @param {Parts} parts @param {import('./types.js').Report['levels']} levels @param {import('./types.js').LoadFigures} load */
  async #report({ saver, smtp }, levels, load) {
    const checks = checksOf({
      load,
      levels,
      exits: await Promise.all(this.#daemons.map((daemon) => daemon.stop())),
      edits: saver.failures,
      mails: this.#ledger.errors(),
      log: this.#log,
      machines: { main: MAIN.length + 1, draining: DRAINING.length + 1 },
      shortened: this.#stopping.signal.aborted,
    });
    const counts = {
      ...saver.counts,
      'lines of trouble in the log, provoked': this.#log.provoked,
      ...prefixed('mails: ', this.#ledger.counts()),
      ...prefixed('SMTP: ', smtp.counts),
    };
    const seconds = (performance.now() - this.#started) / 1000;
    const { seed, lua } = this.#options;
    return { seconds, seed, lua, load, counts, levels, checks, trouble: this.#log.trouble };
  }

  async #startDaemons() {
    const { lua } = this.#options;
    const common = `[applications]\npath=www\n[lua]\nversion=${lua}\ntimeout=500\nmemory=32\n`;
    const smtp = `[smtp]\nhost=127.0.0.1\nport=${this.#ports['smtp']}\ntimeout=2\n`;
    this.#start('main', common + smtp, MAIN, 'status');
    this.#start('draining', `${common}[reload]\ndrain=60\n`, DRAINING, 'drainingStatus');
    await Promise.all(this.#daemons.map((daemon) => daemon.line(/applications running/)));
  }

  /** @param {string} name @param {string} ini @param {readonly string[]} names @param {string} status */
  #start(name, ini, names, status) {
    const scripts = names.map((application) => [application, this.#script(application)]);
    const root = scriptOf('root', this.#ports[status] ?? 0);
    const daemon = new Daemon(name, ini, { '': root, ...Object.fromEntries(scripts) });
    daemon.onLine((line) => {
      this.#log.read(line);
      this.#ledger.read(line);
    });
    this.#daemons.push(daemon);
  }

  /** @param {string} application */
  #script(application) {
    return scriptOf(application, this.#ports[application] ?? 0);
  }

  /**
   * The load for some time, then rest.
   * @param {number} minutes
   * @param {Parts} parts
   * @param {number} seed
   * @returns {Promise<Level[]>} of each daemon
   */
  async #phase(minutes, { smtp, saver, load }, seed) {
    smtp.setFaulty(true);
    await load.start(this.#ports, seed);
    saver.start(this.#targets());
    await sleep(minutes * 60_000, undefined, { signal: this.#stopping.signal }).catch(() => {});
    await Promise.all([load.rest(), saver.rest()]);
    smtp.setFaulty(false);
    await this.#mailsSent();
    const [main, draining] = /** @type {[Daemon, Daemon]} */ (this.#daemons);
    return Promise.all([
      levelOf(main, this.#ports['status'] ?? 0, MAIN),
      levelOf(draining, this.#ports['drainingStatus'] ?? 0, DRAINING),
    ]);
  }

  #targets() {
    const [main, draining] = /** @type {[Daemon, Daemon]} */ (this.#daemons);
    const target = (/** @type {string} */ name, daemon = main) => ({
      daemon,
      text: this.#script(name),
      port: this.#ports[name] ?? 0,
    });
    return {
      counter: target('counter'),
      mail: target('mail'),
      broken: target('broken'),
      gone: target('gone'),
      lines: target('lines', draining),
    };
  }

  async #mailsSent() {
    const until = performance.now() + MAILS_MS;
    while (this.#ledger.open > 0 && performance.now() < until) await sleep(LOOK_MS);
  }
}

/** @param {string} prefix @param {Readonly<Record<string, number>>} counts */
function prefixed(prefix, counts) {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [prefix + name, count]));
}

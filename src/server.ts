/**
 * The server: owns the applications and what they share; starts and stops them.
 *
 * It knows no command line and no signals, and never ends the process.
 */
import { Applications } from './app/applications.js';
import type { Services } from './app/services.js';
import { Tree } from './app/tree.js';
import type { Config } from './config.js';
import { CumulusError } from './errors.js';
import type { Logger, ManagedLogger } from './logger.js';
import { LuaEngines } from './lua/engine/engine.js';
import { Watchdog, type WatchdogEvents } from './lua/watchdog/watchdog.js';
import { Mailer } from './mail/mailer.js';
import { isKnownNode } from './net/native.js';
import { Network } from './net/network.js';

/** Pending mail and unsent data get this long when the server stops, milliseconds. */
export const STOP_MS = 10_000;

export class Server {
  readonly #services: Services;
  #applications: Applications | undefined;
  #stopping: Promise<void> | undefined;

  /** @param logger its `flushSync` is used when the process must end at once */
  constructor(config: Config, logger: Logger & Partial<ManagedLogger>) {
    this.#services = {
      config,
      logger,
      engines: new LuaEngines(),
      network: new Network(config.tcp),
      mailer: new Mailer(config.smtp),
      watchdog: new Watchdog(config.lua, watchdogLog(logger)),
      tree: new Tree(),
    };
  }

  /**
   * Starts every application under the configured folder. One that fails is logged; the others run.
   * @throws CumulusError CANNOT_RUN when a required application does not run
   */
  async start(): Promise<void> {
    const { config, logger } = this.#services;
    if (!isKnownNode())
      logger.note(
        `Node ${process.versions.node} is not known: connections take its public way, which is slower`,
      );
    const applications = new Applications(config.applications.path, this.#services);
    this.#applications = applications;
    await applications.start();
    logger.note(this.summary);
    const missing = config.applications.required.filter((path) => !applications.isRunning(path));
    if (missing.length === 0 || this.#stopping) return;
    const names = missing.map((path) => path || '/').join(', ');
    throw new CumulusError('CANNOT_RUN', `not running, but required by [applications] required: ${names}`);
  }

  /** Follows changes on the disk, unless `[reload] enabled=false`. */
  async watch(): Promise<void> {
    if (this.#services.config.reload.enabled && !this.#stopping) await this.#applications?.watch();
  }

  /** "3 of 4 applications running; failed: /games" */
  get summary(): string {
    const { runningCount = 0, all = [] } = this.#applications ?? {};
    const failed = all.filter(({ state }) => state.name === 'failed').map(({ title }) => title);
    const text = `${runningCount} of ${all.length} applications running`;
    return failed.length === 0 ? text : `${text}; failed: ${failed.join(', ')}`;
  }

  /** Reloads what has changed on the disk. */
  async refresh(): Promise<void> {
    if (!this.#stopping) await this.#applications?.refresh();
  }

  /** The same, and starts what has failed once more. */
  async reload(): Promise<void> {
    if (!this.#stopping) await this.#applications?.retry();
  }

  /** Stops every application, children before parents; what they sent, mails included, gets 10 s to leave. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { mailer, network, logger, watchdog } = this.#services;
    await this.#applications?.stop();
    if (mailer.pending > 0) logger.note(`waiting up to ${STOP_MS / 1000} s for ${mailer.pending} mails`);
    const [unsent] = await Promise.all([mailer.close(STOP_MS), network.close(STOP_MS)]);
    for (const mail of unsent)
      logger.error(`mail to ${mail.recipients.join(', ')} not sent, as the server stops: "${mail.subject}"`);
    this.#applications?.dispose();
    await watchdog.close();
  }
}

function watchdogLog(logger: Logger & Partial<ManagedLogger>): WatchdogEvents {
  return {
    slow({ name }, activity, milliseconds) {
      logger.warn(`application ${name}, ${activity}: took ${milliseconds} ms, nothing else ran meanwhile`);
    },
    fatal({ name }, activity, seconds) {
      logger.fatal(
        `application ${name}, ${activity}: runs for more than ${seconds} s and cannot be ended: aborting`,
      );
      logger.flushSync?.();
    },
    failed: (reason) => logger.error(`no time limits, their thread has ended: ${reason}`),
  };
}

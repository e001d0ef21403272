/**
 * The server: owns the applications and what they share; starts and stops them.
 *
 * It knows no command line and no signals, and never ends the process.
 */
import { existsSync, statSync } from 'node:fs';
import { Application } from './app/application.js';
import { discover } from './app/discovery.js';
import type { Services } from './app/services.js';
import type { Config } from './config.js';
import { CumulusError } from './errors.js';
import type { Logger } from './logger.js';
import { LuaEngines } from './lua/engine.js';
import { Mailer } from './mail/mailer.js';
import { Network } from './net/network.js';

/** Pending mail and unsent data get this long when the server stops, milliseconds. */
export const STOP_MS = 10_000;

export class Server {
  readonly #services: Services;
  readonly #applications = new Map<string, Application>();
  #stopping: Promise<void> | undefined;

  constructor(config: Config, logger: Logger) {
    this.#services = {
      config,
      logger,
      engines: new LuaEngines(),
      network: new Network(config.tcp),
      mailer: new Mailer(config.smtp),
    };
  }

  /**
   * Starts every application under the configured folder. One that fails is logged; the others run.
   * @throws CumulusError CONFIG when the folder is not there
   */
  async start(): Promise<void> {
    const { config, logger } = this.#services;
    const root = checkedRoot(config);
    for (const place of discover(root))
      this.#applications.set(place.path, new Application(place, this.#services));
    if (this.#applications.size === 0) logger.warn(`no application: there is no main.lua under ${root}`);
    for (const application of this.#applications.values()) {
      if (this.#stopping) return;
      await application.start();
    }
    const running = this.#count('running');
    logger.note(`${running} of ${this.#applications.size} applications running`);
  }

  /** Stops every application, children before parents; what they sent, mails included, gets 10 s to leave. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { mailer, network, logger } = this.#services;
    const applications = [...this.#applications.values()].reverse();
    for (const application of applications) application.stop();
    if (mailer.pending > 0) logger.note(`waiting up to ${STOP_MS / 1000} s for ${mailer.pending} mails`);
    const [unsent] = await Promise.all([mailer.close(STOP_MS), network.close(STOP_MS)]);
    for (const mail of unsent)
      logger.error(`mail to ${mail.recipients.join(', ')} not sent: "${mail.subject}"`);
    for (const application of applications) application.dispose();
  }

  #count(state: Application['state']['name']): number {
    return [...this.#applications.values()].filter((application) => application.state.name === state).length;
  }
}

function checkedRoot(config: Config): string {
  const { path } = config.applications;
  if (existsSync(path) && statSync(path).isDirectory()) return path;
  throw new CumulusError(
    'CONFIG',
    `${config.file}: [applications] path: ${path} is not a folder; create it with a main.lua in it`,
  );
}

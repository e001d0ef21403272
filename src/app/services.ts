/**
 * What all applications of a server share. Made by the server, handed down.
 */
import type { Config } from '../config.js';
import type { Logger } from '../logger.js';
import type { LuaEngines } from '../lua/engine/engine.js';
import type { Watchdog } from '../lua/watchdog/watchdog.js';
import type { Mailer } from '../mail/mailer.js';
import type { Network } from '../net/network.js';
import type { Tree } from './tree.js';

export interface Services {
  readonly config: Config;
  readonly logger: Logger;
  readonly engines: LuaEngines;
  readonly network: Network;
  readonly mailer: Mailer;
  readonly watchdog: Watchdog;
  readonly tree: Tree;
}

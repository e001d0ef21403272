/**
 * What the API of one application works with. Made by the application, handed to every library.
 */

import type { Logger } from '../../logger.js';
import type { Mailer } from '../../mail/mailer.js';
import type { Network } from '../../net/network.js';
import type { Handles } from '../handles.js';
import type { HostFunction } from '../host-calls.js';
import type { Stack } from '../stack.js';
import type { LuaTable } from '../table.js';
import type { LuaVm } from '../vm.js';
import type { ScriptLog } from './script-log.js';

export interface ApiContext {
  readonly vm: LuaVm;
  readonly stack: Stack;
  readonly handles: Handles;
  readonly logger: Logger;
  readonly log: ScriptLog;
  readonly network: Network;
  readonly mailer: Mailer;
  readonly settings: ScriptSettings;
}

/** What scripts may know of the configuration. */
export interface ScriptSettings {
  /** The table `cumulus.configs`. */
  readonly configs: LuaTable;
  /** The folder of the root application, absolute, as a binary string. */
  readonly root: string;
}

/** What a library gives to `cumulus`, by name: methods, or the getters of read-only properties. */
export type Functions = Readonly<Record<string, HostFunction>>;

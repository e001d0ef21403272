/**
 * What the API of one application works with. Made by the application, handed to every library.
 */

import type { Logger } from '../../logger.js';
import type { Mailer } from '../../mail/mailer.js';
import type { Network } from '../../net/network.js';
import type { Handles } from '../handles.js';
import type { Stack } from '../stack.js';
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
}

/** A library adds to the globals or, with the `cumulus` table at the top of the stack, to that. */
export interface Library {
  install(context: ApiContext): void;
}

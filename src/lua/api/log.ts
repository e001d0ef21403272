/**
 * FATAL, CRITIC, ERROR, WARN, NOTE, INFO, DEBUG and TRACE.
 * Specification: reference-behaviour.md, "Log lines".
 */
import type { LevelName } from '../../logger.js';
import { LUA_TBOOLEAN, LUA_TNUMBER, LUA_TSTRING } from '../engine/raw.js';
import type { ApiContext } from './context.js';

const FUNCTIONS: Readonly<Record<string, LevelName>> = {
  FATAL: 'fatal',
  CRITIC: 'critic',
  ERROR: 'error',
  WARN: 'warn',
  NOTE: 'note',
  INFO: 'info',
  DEBUG: 'debug',
  TRACE: 'trace',
};

export const LOG_FUNCTIONS = Object.keys(FUNCTIONS);

/** Sets the globals; the table of globals is at the top of the stack. */
export function installLog(api: ApiContext): void {
  for (const [name, level] of Object.entries(FUNCTIONS)) {
    api.vm.setFunction(name, () => {
      if (api.log.isEnabled(level)) api.log.atCaller(level, joined(api));
      return 0;
    });
  }
}

/** Strings and numbers as Lua writes them, everything else as the original did: `(null)`, `table_0000…`. */
function joined({ stack, vm }: ApiContext): string {
  const parts: Uint8Array[] = [];
  for (let i = 1, count = stack.count; i <= count; i++) {
    const type = stack.type(i);
    const bytes = type === LUA_TSTRING || type === LUA_TNUMBER ? stack.bytes(i) : undefined;
    parts.push(bytes ? Buffer.from(bytes) : Buffer.from(named(i)));
  }
  return Buffer.concat(parts).toString('utf8');

  function named(i: number): string {
    if (stack.isNil(i)) return '(null)';
    if (stack.type(i) === LUA_TBOOLEAN) return `(${stack.boolean(i)})`;
    return `${stack.typeName(i)}_${vm.raw.topointer(vm.L, i).toString(16).padStart(16, '0')}`;
  }
}

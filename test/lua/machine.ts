/** A VM of the test's own, without the API: what it reports is kept. */
import { type EngineOptions, LuaEngines } from '../../src/lua/engine/engine.js';
import { LuaVm } from '../../src/lua/vm.js';
import { LUA_VERSION } from '../support/server.js';

export const MIB = 1_048_576;
export const engines = new LuaEngines();

/** The real exports, and wasmoon's wrapped ones, which are used where those cannot be caught. */
export const EXPORTS = [
  ['real', true],
  ['wrapped', false],
] as const;

export interface Machine {
  readonly vm: LuaVm;
  /** "activity: message" of what has failed, "broken: reason". */
  readonly errors: string[];
  /** "enter" and "leave", for the outermost entries. */
  readonly entries: string[];
  /** Runs a script. @returns its one result as text; undefined when it failed, or gave neither text nor a number */
  run(script: string, chunkName?: string): string | undefined;
}

export async function machine(options: Partial<EngineOptions> = {}): Promise<Machine> {
  const errors: string[] = [];
  const entries: string[] = [];
  const events = {
    enter: () => void entries.push('enter'),
    leave: () => void entries.push('leave'),
    error: (activity: string, message: string) => void errors.push(`${activity}: ${message}`),
    broken: (reason: string) => void errors.push(`broken: ${reason}`),
  };
  const vm = await LuaVm.create(engines, { version: LUA_VERSION, memory: 64 * MIB, ...options }, events);
  const run = (script: string, chunkName = '@test.lua') => {
    if (!vm.enter('test')) return undefined;
    try {
      vm.compile(Buffer.from(script), chunkName);
      return vm.call(0, 1) ? vm.bytes.text(vm.L, -1) : undefined;
    } catch (error) {
      vm.fail(error);
      return undefined;
    } finally {
      vm.leave();
    }
  };
  return { vm, errors, entries, run };
}

/**
 * One call from one VM into another: arguments over, the call, results or the error back.
 *
 * The VM that is called is entered like from the event loop, so that its limits hold; its error is reported nowhere:
 * it is raised again in the VM that called, as the same value. No unwinding of one VM may pass through the other.
 */
import { messageOf } from '../errors.js';
import { MAX_DEPTH } from './exchange.js';
import { LuaError } from './lua-error.js';
import type { Peer } from './peer.js';
import { LUA_MULTRET } from './raw.js';
import type { Target } from './target.js';

/**
 * Calls the function `target`, or does `operation` in its VM, with what is at `first` and above on the caller's stack.
 * @returns the number of results that were pushed in the caller
 */
export function cross(from: Peer, target: Target, operation: string | undefined, first: number): number {
  const caller = from.vm;
  const count = attempt(from, target, operation, first);
  // It broke in a call that came back to it: nothing of it may go on.
  if (!caller.usable) throw new RangeError('the Lua machine broke in a call of its own');
  if (count instanceof LuaError) throw count;
  return count === FAILED ? caller.raw.error(caller.L) : count;
}

const FAILED = -1;

function attempt(
  from: Peer,
  target: Target,
  operation: string | undefined,
  first: number,
): number | LuaError {
  try {
    return callHome(from, target, operation, first);
  } catch (error) {
    if (error instanceof LuaError) return error;
    // Lua's own unwinding: of the other VM, which is left, or of this one, whose error is raised again.
    if (typeof error === 'number') return new LuaError('not enough memory');
    throw error;
  }
}

/** @returns the number of results, or FAILED, with the error at the top of the caller's stack */
function callHome(from: Peer, target: Target, operation: string | undefined, first: number): number {
  const home = target.home();
  const { exchange } = from;
  if (exchange.depth >= MAX_DEPTH)
    throw new LuaError(`calls between applications are nested more than ${MAX_DEPTH} deep`);
  const { vm } = home;
  if (!vm.enter(from.activity)) throw new LuaError(home.outside.ended());
  exchange.depth++;
  try {
    const top = vm.raw.gettop(vm.L);
    const count = pushCall(from, home, target, operation, first);
    if (protectedCall(home, count) === 0) return pushResults(home, from, top);
    home.giveError(from, operation === undefined ? target : undefined);
    return FAILED;
  } finally {
    exchange.depth--;
    vm.leave();
  }
}

/** @returns the number of arguments */
function pushCall(
  from: Peer,
  home: Peer,
  target: Target,
  operation: string | undefined,
  first: number,
): number {
  const count = from.vm.raw.gettop(from.vm.L) + 1 - first;
  makeRoom(home, count + 2);
  if (operation === undefined) target.push(home.vm);
  else home.pushOperation(operation);
  for (let i = first; i < first + count; i++) from.give(i, home);
  return count;
}

function pushResults(home: Peer, from: Peer, top: number): number {
  const count = home.vm.raw.gettop(home.vm.L) - top;
  makeRoom(from, count + 2);
  for (let i = 1; i <= count; i++) home.give(top + i, from);
  return count;
}

function makeRoom(peer: Peer, count: number): void {
  const { raw, L } = peer.vm;
  if (raw.checkstack(L, count) === 0) throw new LuaError(`too many values for one call: ${count}`);
}

/** A machine that breaks breaks alone: the one that called it gets an error. */
function protectedCall(home: Peer, count: number): number {
  const { vm } = home;
  const { title } = home.outside;
  try {
    return vm.tryCall(count, LUA_MULTRET);
  } catch (error) {
    vm.fail(error);
    throw new LuaError(`application ${title} broke: ${messageOf(error)}`);
  }
}

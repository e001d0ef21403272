/**
 * One call from one VM into another: arguments over, the call, results or the error back.
 *
 * The VM that is called is entered like from the event loop, so that its limits hold; its error is reported nowhere:
 * it is raised again in the VM that called, as the same value. No unwinding of one VM may pass through the other.
 */
import { messageOf } from '../../errors.js';
import { LUA_MULTRET } from '../engine/raw.js';
import { LuaError } from '../lua-error.js';
import { MAX_DEPTH } from './exchange.js';
import { passError } from './passing-errors.js';
import type { Peer } from './peer.js';
import type { Target } from './target.js';

/**
 * Calls the function `target`, or does `operation` in its VM, with what is at `first` and above on the caller's stack.
 * @returns the number of results that were pushed in the caller
 */
export function cross(from: Peer, target: Target, operation: string | undefined, first: number): number {
  const { raw, L } = from.vm;
  try {
    const count = callHome(from, target, operation, first);
    if (count !== FAILED) return count;
  } finally {
    from.checkSound();
  }
  return raw.error(L);
}

const FAILED = -1;

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
    passError(home, from, operation === undefined ? target : undefined);
    return FAILED;
  } catch (error) {
    throw home.excuse(error, 1);
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
  makeRoom(home, count);
  if (operation === undefined) target.push(home.vm);
  else home.pushOperation(operation);
  for (let i = first; i < first + count; i++) from.give(i, home);
  return count;
}

function pushResults(home: Peer, from: Peer, top: number): number {
  const count = home.vm.raw.gettop(home.vm.L) - top;
  makeRoom(from, count);
  for (let i = 1; i <= count; i++) home.give(top + i, from);
  return count;
}

function makeRoom(peer: Peer, count: number): void {
  const { raw, L } = peer.vm;
  if (raw.checkstack(L, count + SPARE) === 0) throw new LuaError(`too many values for one call: ${count}`);
}

/** What passing one value takes of the stack besides, at the most. */
const SPARE = 8;

/** A machine that breaks breaks alone: the one that called it gets an error. */
function protectedCall(home: Peer, count: number): number {
  const { title } = home.outside;
  try {
    return home.vm.tryCall(count, LUA_MULTRET);
  } catch (error) {
    home.breakDown(error);
    throw new LuaError(`application ${title} broke: ${messageOf(error)}`);
  }
}

/**
 * What one VM looks up in another without calling anything there: fields that exist, globals of its parents.
 *
 * Nothing is remembered: every look-up sees what is there now.
 */
import { LUA_TNIL, LUA_TSTRING } from '../engine/raw.js';
import type { Peer } from './peer.js';
import type { Target } from './target.js';
import { copyPlain } from './transfer.js';

/**
 * Pushes a field of a table, when it exists: no metamethod would be asked for it. The key is at index 2.
 * @returns false, having pushed nothing, when there may be more to it
 */
export function lookUpField(peer: Peer, table: Target): boolean {
  if (table.kind !== 'table') return false;
  const home = table.home();
  const { raw, L } = home.vm;
  const top = raw.gettop(L);
  try {
    table.push(home.vm);
    return copyPlain(peer.vm, 2, home.vm) && giveRaw(home, peer);
  } catch (error) {
    throw home.excuse(error, 0);
  } finally {
    raw.settop(L, top);
  }
}

/**
 * Pushes what the name at index 2 means, which is no global of the VM itself: another VM, or what the ones above have
 * under the name. @returns the number of results
 */
export function lookUpMissing(peer: Peer): number {
  const { raw, L, bytes } = peer.vm;
  if (raw.type(L, 2) !== LUA_TSTRING) return 0;
  const name = bytes.binary(L, 2) ?? '';
  if (lookUpNamed(peer, peer, name)) return 1;
  for (let above = peer.outside.above(name); above; above = above.outside.above(name))
    if (lookUpGlobal(above, peer, name) || lookUpNamed(above, peer, name)) return 1;
  return 0;
}

function lookUpNamed(home: Peer, to: Peer, name: string): boolean {
  const named = home.outside.named(name);
  if (named) to.receive(named);
  return named !== undefined;
}

function lookUpGlobal(home: Peer, to: Peer, name: string): boolean {
  const { raw, L, bytes } = home.vm;
  const top = raw.gettop(L);
  try {
    raw.pushglobals(L);
    bytes.pushBinary(L, name);
    return giveRaw(home, to);
  } catch (error) {
    throw home.excuse(error, 0);
  } finally {
    raw.settop(L, top);
  }
}

/** With a table and a key at the top of the stack. */
function giveRaw(home: Peer, to: Peer): boolean {
  const { raw, L } = home.vm;
  raw.rawget(L, -2);
  if (raw.type(L, -1) === LUA_TNIL) return false;
  home.give(-1, to);
  return true;
}

/**
 * An error on its way from the VM where it happened into the one that called.
 *
 * The caller gets the error itself, so that scripts can compare and match it. Its frames stay behind as a trail, which
 * the message handler of an application that does not catch it puts in front of its own.
 */
import { LUA_TNIL, LUA_TSTRING } from '../engine/raw.js';
import { positionOf } from '../host-calls.js';
import type { Peer } from './peer.js';
import type { Target } from './target.js';

/** The innermost frames are what matters of an error that has come through many applications, characters. */
const MAX_TRAIL = 4096;

/**
 * Pushes the error that has just ended a call in `home` into the VM that made it; its text is at the top of the stack.
 * @param called the function that was called, if it was one
 */
export function passError(home: Peer, to: Peer, called: Target | undefined): void {
  const { raw, L, bytes, brake } = home.vm;
  const text = bytes.binary(L, -1) ?? '';
  raw.refget(L, home.slots.error);
  raw.pushnil(L);
  raw.refset(L, home.slots.error);
  const position = isBare(home, called) ? positionOf(to.vm, to.vm.L) : '';
  const type = raw.type(L, -1);
  if (type === LUA_TSTRING) to.vm.bytes.pushBinary(to.vm.L, `${position}${bytes.binary(L, -1)}`);
  else if (type === LUA_TNIL || !home.isPassable(-1)) to.vm.bytes.pushBinary(to.vm.L, text);
  else home.give(-1, to);
  leaveTrail(to, position + text, home.outside.title);
  // The limit is the caller's as well: its own error will take the place of this one, which knows where it was.
  if (brake.pressed) to.vm.brake.press(text.split('\n', 1)[0] ?? '');
}

/**
 * For the message handler of `peer`, with the error at index 1: keeps it as it is.
 * @returns the number of results: what is known of the error's way here, or nothing
 */
export function takeTrail(peer: Peer): number {
  const { raw, L, bytes } = peer.vm;
  raw.pushvalue(L, 1);
  raw.refset(L, peer.slots.error);
  const { trail } = peer.exchange;
  // An error of the same text that has come elsewhere, or earlier, is another one.
  if (trail?.to !== peer || identity(peer, 1) !== trail.error) return 0;
  peer.exchange.trail = undefined;
  bytes.pushBinary(L, trail.text);
  return 1;
}

/** With the error, as `to` has it, at the top of the stack. */
function leaveTrail(to: Peer, text: string, title: string): void {
  const error = identity(to, -1);
  const header = text.includes('\nstack traceback:') ? '' : '\nstack traceback:';
  const frames = text.length > MAX_TRAIL ? `${text.slice(0, MAX_TRAIL)}\n\t...` : text;
  const called = `\n\t(application ${title}, called by ${to.outside.title})`;
  to.exchange.trail = error ? { to, error, text: `${frames}${header}${called}` } : undefined;
}

function identity(peer: Peer, i: number): string | number {
  const { raw, L, bytes } = peer.vm;
  return raw.type(L, i) === LUA_TSTRING ? (bytes.binary(L, i) ?? '') : peer.imports.idOf(i);
}

/** A function of the API or of Lua itself, called from another VM, knows no position: that is the caller's. */
function isBare(home: Peer, called: Target | undefined): boolean {
  if (called?.kind !== 'function') return false;
  const { raw, L, bytes } = home.vm;
  called.push(home.vm);
  const native = raw.iscfunction(L, -1) !== 0;
  raw.settop(L, -2);
  return native && raw.type(L, -1) === LUA_TSTRING && !/^[^\n:]+:\d+: /.test(bytes.text(L, -1) ?? '');
}

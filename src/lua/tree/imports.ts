/**
 * What a VM has of others: its proxies, by identity.
 *
 * Which value is a proxy, and which proxy there is of a thing, is known on the Lua side only, by weak tables
 * (stdlib/tree.lua): an address may be another value's by the time when a finalizer runs. Invariant: a thing is
 * retained once for each proxy of it whose finalizer has not run.
 */
import { LUA_TNIL } from '../engine/raw.js';
import { LuaError } from '../lua-error.js';
import type { Peer } from './peer.js';
import type { Target } from './target.js';

interface Import {
  readonly target: Target;
  proxies: number;
}

export class Imports {
  /** Not its VM, which must be free to go while others still refer to the peer. */
  readonly #peer: Peer;
  readonly #byId = new Map<number, Import>();

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  get count(): number {
    return this.#byId.size;
  }

  /** The identity of the proxy at stack index `i`; 0 when it is none. */
  idOf(i: number): number {
    const { raw, L } = this.#peer.vm;
    raw.pushvalue(L, i);
    raw.refget(L, this.#peer.slots.ids);
    raw.insert(L, -2);
    raw.rawget(L, -2);
    const id = raw.tonumber(L, -1);
    raw.settop(L, -3);
    return id;
  }

  /** What the proxy at `i` stands for. */
  at(i: number): Target {
    return this.get(this.idOf(i));
  }

  /** What the running function is the proxy of. */
  called(): Target {
    const { raw, L } = this.#peer.vm;
    return this.get(raw.tonumber(L, raw.upvalueindex(1)));
  }

  get(id: number): Target {
    const known = this.#byId.get(id);
    if (!known) throw new LuaError('not a value of another application');
    return known.target;
  }

  /** Pushes the proxy of `target`. */
  push(target: Target): void {
    const { raw, L } = this.#peer.vm;
    raw.refget(L, this.#peer.slots.proxies);
    raw.pushnumber(L, target.id);
    raw.rawget(L, -2);
    const found = raw.type(L, -1) !== LUA_TNIL;
    if (found) raw.insert(L, -2);
    raw.settop(L, found ? -2 : -3);
    if (!found) this.#create(target);
  }

  /**
   * Pushes a table of this VM with the entries of the one that the proxy at `i` stands for.
   * @returns false, with nothing pushed, when there is no proxy of a table
   * @throws LuaError when it is nowhere any more
   */
  pushCopy(i: number): boolean {
    const { raw, L, bytes } = this.#peer.vm;
    const id = this.idOf(i);
    if (id === 0 || this.get(id).kind !== 'table') return false;
    const at = i < 0 ? raw.gettop(L) + 1 + i : i;
    raw.refget(L, this.#peer.slots.copy);
    raw.pushvalue(L, at);
    if (raw.pcall(L, 1, 1, 0) === 0) return true;
    throw new LuaError(bytes.text(L, -1) ?? 'not enough memory', false);
  }

  /** A proxy has been collected. */
  release(id: number): void {
    const known = this.#byId.get(id);
    if (!known) return;
    if (--known.proxies === 0) this.#byId.delete(id);
    known.target.release();
  }

  /** All have gone with their VM. */
  close(): void {
    for (const { target, proxies } of this.#byId.values()) for (let i = 0; i < proxies; i++) target.release();
    this.#byId.clear();
  }

  #create(target: Target): void {
    const { raw, L, bytes } = this.#peer.vm;
    const known = this.#byId.get(target.id) ?? { target, proxies: 0 };
    this.#byId.set(target.id, known);
    known.proxies++;
    target.retain();
    raw.refget(L, this.#peer.slots.create);
    raw.pushnumber(L, target.id);
    raw.pushboolean(L, target.kind === 'function' ? 1 : 0);
    if (raw.pcall(L, 2, 1, 0) === 0) return;
    this.release(target.id);
    throw new LuaError(bytes.text(L, -1) ?? 'not enough memory', false);
  }
}

/**
 * What a VM has given out to others: tables and functions that other VMs have proxies of.
 *
 * Invariant: each is kept alive by a registry slot, so that its address identifies it; the slot is free again when the
 * last proxy has been collected.
 */
import { LUA_TFUNCTION, LUA_TTABLE } from '../engine/raw.js';
import type { LuaVm } from '../vm.js';
import type { Exchange } from './exchange.js';
import type { Peer } from './peer.js';
import type { Target } from './target.js';

export class Exports {
  readonly peer: Peer;
  readonly #exchange: Exchange;
  readonly #byAddress = new Map<number, Export>();

  constructor(peer: Peer, exchange: Exchange) {
    this.peer = peer;
    this.#exchange = exchange;
  }

  get count(): number {
    return this.#byAddress.size;
  }

  /** The table, function or userdata at stack index `i`. */
  at(i: number): Target {
    const address = this.#address(i);
    return this.#byAddress.get(address) ?? this.#add(i, address);
  }

  drop(gone: Export): void {
    this.#byAddress.delete(gone.address);
    this.peer.vm.registry.unref(gone.slot);
  }

  #add(i: number, address: number): Export {
    const { vm } = this.peer;
    const { raw, L } = vm;
    const type = raw.type(L, i);
    const kind = type === LUA_TTABLE ? 'table' : type === LUA_TFUNCTION ? 'function' : 'userdata';
    const slot = vm.registry.ref();
    raw.pushvalue(L, i);
    raw.refset(L, slot);
    const added = new Export(this, this.#exchange.newId(), kind, slot, address);
    this.#byAddress.set(address, added);
    return added;
  }

  /** The address of a function of the API is one in another space than that of the heap. */
  #address(i: number): number {
    const { raw, L } = this.peer.vm;
    const pointer = raw.topointer(L, i);
    return raw.type(L, i) === LUA_TFUNCTION ? -pointer : pointer;
  }
}

class Export implements Target {
  readonly id: number;
  readonly kind: 'table' | 'function' | 'userdata';
  readonly slot: number;
  readonly address: number;
  readonly #owner: Exports;
  #proxies = 0;

  constructor(owner: Exports, id: number, kind: Target['kind'], slot: number, address: number) {
    this.#owner = owner;
    this.id = id;
    this.kind = kind;
    this.slot = slot;
    this.address = address;
  }

  home(): Peer {
    this.#owner.peer.checkAlive();
    return this.#owner.peer;
  }

  livesIn(peer: Peer): boolean {
    return this.#owner.peer === peer;
  }

  push(vm: LuaVm): void {
    vm.raw.refget(vm.L, this.slot);
  }

  retain(): void {
    this.#proxies++;
  }

  release(): void {
    if (--this.#proxies === 0 && !this.#owner.peer.closed) this.#owner.drop(this);
  }
}

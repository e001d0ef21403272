/**
 * What proxies work with, as interfaces: the thing behind a proxy, and what surrounds a VM. The layer above says what
 * a VM is called and which others it can see.
 */
import type { LuaVm } from '../vm.js';
import type { Peer } from './peer.js';

/** What a proxy stands for. Proxies of one target in one VM are one and the same, while alive. */
export interface Target {
  /** Never used again for anything else, in any VM. */
  readonly id: number;
  readonly kind: 'table' | 'function' | 'userdata';
  /** @returns the VM where it is. @throws LuaError when it is nowhere any more: which application, and why */
  home(): Peer;
  /** True when it is in the VM of this peer, which need not be in service. */
  livesIn(peer: Peer): boolean;
  /** Pushes it in its home. */
  push(vm: LuaVm): void;
  /** One proxy more, one proxy less. */
  retain(): void;
  release(): void;
}

/** A VM's place among the others. Names are binary strings. */
export interface Outside {
  /** "/Games/chat": for messages. */
  readonly title: string;
  /** What stands for the VM's globals, for others. */
  readonly self: Target;
  /** What a name that is no global here means. */
  named(name: string): Target | undefined;
  /** The next VM up whose globals are asked for the name. */
  above(name: string): Peer | undefined;
  /** Why values of a VM that has ended cannot be used. */
  ended(): string;
}

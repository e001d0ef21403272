/**
 * What all sockets of one server share: the turn, the receive buffer, the limits, the blacklist, the parked sockets of
 * an application that is being reloaded, and the connections that are still flushing after they were closed.
 *
 * It owns the lingering connections and the parked sockets; open sockets belong to who opened them.
 */
import { type Accept, createAccept } from './accept.js';
import { AddressBook } from './address-book.js';
import { Arrivals } from './arrivals.js';
import { Blacklist } from './blacklist.js';
import { createOpenChannel, type OpenChannel } from './channel.js';
import type { Datagram } from './datagram.js';
import { FileLimit } from './file-limit.js';
import { HeldBytes } from './held-bytes.js';
import { Lingering } from './lingering.js';
import type { Listener } from './listener.js';
import { pageAligned } from './page-aligned.js';
import { READ_SIZE, ReadTurns } from './read-turns.js';
import { Resolver } from './resolve.js';
import { SendArena } from './send-arena.js';
import { Turn } from './turn.js';

/** Bytes and seconds; 0 is "no limit" for the two times. */
export interface NetworkLimits {
  readonly receiveLimit: number;
  readonly sendLimit: number;
  readonly totalLimit: number;
  readonly connectTimeout: number;
  readonly idleTimeout: number;
}

export class Network {
  readonly arena = new SendArena();
  readonly turn = new Turn(() => this.arena.reset());
  readonly resolver = new Resolver();
  readonly addresses = new AddressBook();
  readonly lingering = new Lingering();
  readonly fileLimit = new FileLimit();
  readonly blacklist = new Blacklist();
  /**
   * One buffer for every connection: a read is delivered to the script before the next one begins, so that no two
   * connections ever need it at a time. Never hand a view of it to anything that outlives the callback.
   */
  readonly receiveBuffer = pageAligned(READ_SIZE);
  readonly readTurns = new ReadTurns();
  readonly arrivals = new Arrivals();
  readonly accept: Accept;
  readonly openChannel: OpenChannel;
  readonly limits: NetworkLimits;
  readonly held: HeldBytes;
  readonly parkedServers = new Map<number, Listener>();
  readonly parkedDatagrams = new Map<string, Datagram>();

  /** @param allowPrivate false: by Node's public API alone */
  constructor(limits: NetworkLimits, allowPrivate = true) {
    this.limits = limits;
    this.held = new HeldBytes(limits.totalLimit);
    this.accept = createAccept(this.receiveBuffer, this.readTurns, allowPrivate);
    this.openChannel = createOpenChannel(allowPrivate);
  }

  /** Resolves when every lingering connection has sent what it had, at the latest after `ms`. */
  close(ms: number): Promise<void> {
    this.closeParked();
    return this.lingering.close(ms);
  }

  /** Closes what the new version of a reloaded application did not adopt. */
  closeParked(): void {
    for (const server of this.parkedServers.values()) server.close();
    this.parkedServers.clear();
    for (const datagram of this.parkedDatagrams.values()) datagram.close();
    this.parkedDatagrams.clear();
  }
}

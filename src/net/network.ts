/**
 * What all sockets of one server share: the turn, the receive buffer, the limits, the blacklist, the parked sockets of
 * an application that is being reloaded, and the connections that are still flushing after they were closed.
 *
 * It owns the lingering connections and the parked sockets; open sockets belong to who opened them.
 */
import type { Socket } from 'node:net';
import { AddressBook } from './address-book.js';
import { Blacklist } from './blacklist.js';
import type { Datagram } from './datagram.js';
import { FileLimit } from './file-limit.js';
import type { Listener } from './listener.js';
import { type Attach, createAttach } from './receive.js';
import { Resolver } from './resolve.js';
import { SendArena } from './send-arena.js';
import { Turn } from './turn.js';

/** Bytes and milliseconds; 0 is "no limit" for the two times. */
export interface NetworkLimits {
  readonly receiveLimit: number;
  readonly sendLimit: number;
  readonly connectTimeout: number;
  readonly idleTimeout: number;
}

/** A closed connection that the peer keeps open, or whose data it does not take, is cut after this time, ms. */
export const LINGER_MS = 10_000;

const RECEIVE_BUFFER_SIZE = 65_536;

export class Network {
  readonly arena = new SendArena();
  readonly turn = new Turn(() => this.arena.reset());
  readonly resolver = new Resolver();
  readonly addresses = new AddressBook();
  readonly fileLimit = new FileLimit();
  readonly blacklist = new Blacklist();
  /**
   * One buffer for every connection: a read is delivered to the script before the next one begins, so that no two
   * connections ever need it at a time. Never hand a view of it to anything that outlives the callback.
   */
  readonly receiveBuffer = Buffer.allocUnsafeSlow(RECEIVE_BUFFER_SIZE);
  readonly attach: Attach;
  readonly limits: NetworkLimits;
  readonly parkedServers = new Map<number, Listener>();
  readonly parkedDatagrams = new Map<string, Datagram>();
  readonly #lingering = new Set<Socket>();

  constructor(limits: NetworkLimits, attach: Attach = createAttach()) {
    this.limits = limits;
    this.attach = attach;
  }

  /**
   * Sends what `socket` still holds, then FIN, and reads on without looking until the peer closes as well: closing
   * with unread data would make the kernel send RST, which can destroy what the peer has not read yet.
   */
  linger(socket: Socket): void {
    this.#lingering.add(socket);
    const cut = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => {
      clearTimeout(cut);
      this.#lingering.delete(socket);
    });
    socket.end();
  }

  /** Resolves when every lingering connection has sent what it had, at the latest after `ms`. */
  async close(ms: number): Promise<void> {
    this.closeParked();
    const sent = [...this.#lingering].map((socket) => finished(socket));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([Promise.all(sent), late]);
    clearTimeout(timer);
    for (const socket of this.#lingering) socket.destroy();
  }

  /** Closes what the new version of a reloaded application did not adopt. */
  closeParked(): void {
    for (const server of this.parkedServers.values()) server.close();
    this.parkedServers.clear();
    for (const datagram of this.parkedDatagrams.values()) datagram.close();
    this.parkedDatagrams.clear();
  }
}

function finished(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || socket.writableFinished) return resolve();
    socket.once('finish', resolve);
    socket.once('close', () => resolve());
  });
}

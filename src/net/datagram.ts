/**
 * One bound `dgram` socket, of one family, from the moment at which it is bound. Who receives can change while it is
 * bound: that is how the new version of an application takes over an address without losing a datagram.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { type Address, addressOf, formatAddress, isWildcard } from './address.js';
import type { Recipient } from './arrivals.js';
import type { Channel, ChannelEvents } from './channel.js';
import { reasonOf } from './errors.js';
import type { Network } from './network.js';
import type { LookupCallback, Resolver } from './resolve.js';

/** What a datagram takes beside its bytes while its name is looked up: many empty ones are not nothing. */
const WAITING_COST = 128;

export interface DatagramReceiver {
  onDatagram(bytes: Buffer, from: RemoteInfo): void;
  onError(reason: string): void;
}

export class Datagram implements ChannelEvents, Recipient {
  /** Undefined while parked: nothing can arrive then, because parking lasts less than a turn of the event loop. */
  receiver: DatagramReceiver | undefined;
  readonly family: 4 | 6;
  readonly #socket: Socket;
  readonly #network: Network;
  readonly #channel: Channel;
  #closed = false;
  /** What waits for the look-up of a name, bytes. */
  #unresolved = 0;

  private constructor(network: Network, socket: Socket, family: 4 | 6, receiver: DatagramReceiver) {
    this.#network = network;
    this.#socket = socket;
    this.family = family;
    this.receiver = receiver;
    socket.removeAllListeners('error');
    socket.on('error', (error) => this.receiver?.onError(reasonOf(error, '')));
    this.#channel = network.openChannel(socket, this);
  }

  /**
   * Binds before it returns.
   * @param local a literal address; port 0 = any
   * @returns an error string when it cannot
   */
  static bind(
    network: Network,
    local: Address,
    broadcast: boolean,
    receiver: DatagramReceiver,
  ): Datagram | string {
    const family = local.family === 6 ? 6 : 4;
    const socket = createSocket({ type: `udp${family}`, lookup: lookupOf(network.resolver, family) });
    let failure: string | undefined;
    socket.on('error', (error) => {
      failure ??= reasonOf(error, formatAddress(local.host, local.port));
    });
    socket.bind({ address: local.host, port: local.port, exclusive: true });
    if (failure !== undefined) {
      socket.close();
      return failure;
    }
    if (broadcast) socket.setBroadcast(true);
    return new Datagram(network, socket, family, receiver);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** "ip:port", or undefined when bound to the wildcard. */
  get address(): string | undefined {
    const { address, port } = this.#socket.address();
    return isWildcard(address) ? undefined : formatAddress(address, port);
  }

  /** Bytes that the kernel has not taken yet, or that wait for the look-up of a name. */
  get pending(): number {
    return this.#socket.getSendQueueSize() + this.#unresolved;
  }

  /** True when datagrams can go to an address of `family` (0 = a name) at all: an IPv4 socket cannot reach an IPv6 address. */
  reaches(family: number): boolean {
    return this.family === 6 || family !== 6;
  }

  /** @param bytes copied before this returns */
  send(bytes: Uint8Array, to: Address): void {
    if (to.family === 0) return this.#sendByName(bytes, to);
    const host = this.family === 6 && to.family === 4 ? `::ffff:${to.host}` : to.host;
    const { arena } = this.#network;
    const copy = arena.lend(bytes);
    if (this.#channel.send(copy, to.port, host)) arena.giveBack(copy);
    else arena.keep(copy);
  }

  onMessage(bytes: Buffer, from: RemoteInfo): void {
    this.#network.arrivals.add(this, bytes, from);
  }

  deliver(bytes: Buffer, from: RemoteInfo): void {
    this.receiver?.onDatagram(bytes, from);
  }

  onSendError(error: NodeJS.ErrnoException): void {
    this.receiver?.onError(reasonOfSend(error));
  }

  #sendByName(bytes: Uint8Array, { host, port }: Address): void {
    const copy = Buffer.from(bytes);
    this.#unresolved += copy.length + WAITING_COST;
    this.#network.resolver.lookup(host, this.family, (error, address) => {
      this.#unresolved -= copy.length + WAITING_COST;
      if (this.#closed) return;
      if (!error) this.send(copy, addressOf(address, port));
      // What is remembered is told at once, and a script may be what has sent.
      else process.nextTick(() => this.receiver?.onError(reasonOf(error, formatAddress(host, port))));
    });
  }

  close(): void {
    this.#closed = true;
    this.receiver = undefined;
    this.#socket.close();
  }
}

/** Why a datagram to a broadcast address does not leave. @param target "ip:port" */
export function broadcastRefused(target: string): string {
  return `broadcast not allowed (${target}): createUDPSocket(true) allows it`;
}

/** For a datagram, the system's "permission denied" has this one meaning: send(2), EACCES. */
function reasonOfSend(error: NodeJS.ErrnoException): string {
  const target = targetOf(error);
  return error.code === 'EACCES' ? broadcastRefused(target) : reasonOf(error, target);
}

/** What a failed send was meant for. */
function targetOf(error: NodeJS.ErrnoException): string {
  const { address, port, hostname } = error as { address?: string; port?: number; hostname?: string };
  if (address === undefined) return hostname ?? '';
  return port === undefined ? address : formatAddress(address, port);
}

/**
 * The address from which the kernel would send to `to`: that of a socket connected to it for a moment.
 * @returns undefined when there is no way to `to`
 */
export function localAddressFor(resolver: Resolver, to: Address): string | undefined {
  const family = to.family === 6 ? 6 : 4;
  const probe = createSocket({ type: `udp${family}`, lookup: lookupOf(resolver, family) });
  probe.on('error', () => {});
  try {
    probe.bind({ port: 0, exclusive: true });
    probe.setBroadcast(true);
    probe.connect(to.port, to.host);
    // Throws when it is not: the error itself comes later.
    probe.remoteAddress();
    return probe.address().address;
  } catch {
    return undefined;
  } finally {
    probe.close();
  }
}

function lookupOf(resolver: Resolver, family: 4 | 6) {
  return (host: string, _options: unknown, callback: LookupCallback) =>
    resolver.lookup(host, family, callback);
}

/**
 * A UDP socket object: bound, connected or neither, closed and opened again as often as the script likes.
 *
 * It knows no Lua. "Connected" is kept here and not in the kernel: a connected socket may also send elsewhere, which
 * Node refuses for a socket that the kernel has connected; what comes from others is dropped, as the kernel would.
 */
import type { RemoteInfo } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import { type Address, formatAddress, parseAddress } from './address.js';
import { Datagram, type DatagramReceiver, localAddressFor } from './datagram.js';
import { DropReport } from './drop-report.js';
import { reasonOf } from './errors.js';
import type { Network } from './network.js';

export interface UdpHandler {
  /** @param bytes the handler's to keep @param address "ip:port" of the sender */
  onReception(bytes: Buffer, address: string): void;
  /** Something that could not be said at once failed: a name look-up, a send. */
  onError(reason: string): void;
  /** `count` datagrams were dropped because more than the send limit was pending. */
  onDropped(count: number): void;
}

/** The most that fits into a datagram over IPv4, bytes. */
export const MAX_DATAGRAM = 65_507;

export class UdpSocket implements DatagramReceiver {
  readonly #network: Network;
  readonly #handler: UdpHandler;
  readonly #broadcast: boolean;
  #datagram: Datagram | undefined;
  /** What `bind` was asked for; undefined when the port was chosen by `connect` or `send`. */
  #bound: string | undefined;
  #peer: Address | undefined;
  #localAddress: string | undefined;
  readonly #dropped: DropReport;

  constructor(network: Network, handler: UdpHandler, broadcast: boolean) {
    this.#network = network;
    this.#handler = handler;
    this.#broadcast = broadcast;
    this.#dropped = new DropReport((count) => handler.onDropped(count));
  }

  get open(): boolean {
    return this.#datagram !== undefined;
  }

  get address(): string | undefined {
    return this.#peer ? this.#localAddress : this.#datagram?.address;
  }

  get peerAddress(): string | undefined {
    return this.#peer && formatAddress(this.#peer.host, this.#peer.port);
  }

  get pending(): number {
    return this.#datagram?.pending ?? 0;
  }

  /** @param text "host:port"; the host is an address of this machine @returns an error string, or undefined */
  bind(text: string): string | undefined {
    const local = parseAddress(text);
    if (typeof local === 'string') return local;
    const host = local.host === 'localhost' ? '127.0.0.1' : local.host;
    if (isIP(host) === 0) return `host not found (${text}): bind needs an IP address of this machine`;
    if (this.#peer) return 'cannot bind a connected socket: close it first';
    const wanted = formatAddress(host, local.port);
    if (this.#bound === wanted || (this.#bound && this.#datagram?.address === wanted)) return undefined;
    if (this.#bound) return `already bound to ${this.#bound}: close it first`;
    return this.#bind(host, local.port, wanted);
  }

  /** @param text "host:port" @returns an error string, or undefined: what goes wrong later goes to `onError` */
  connect(text: string): string | undefined {
    const peer = parseAddress(text);
    if (typeof peer === 'string') return peer;
    if (peer.port === 0) return `bad port in "${text}": must be 1 to 65535`;
    if (this.#bound) return `cannot connect a bound socket (${this.#bound}): close it first`;
    const host = peer.host === 'localhost' ? '127.0.0.1' : peer.host;
    if (isIP(host)) return this.#setPeer({ host, port: peer.port });
    this.#network.resolver.lookup(host, 4, (error, address) => {
      const failure = error ? reasonOf(error, text) : this.#setPeer({ host: address, port: peer.port });
      if (failure !== undefined) this.#handler.onError(failure);
    });
    return undefined;
  }

  /**
   * @param bytes copied before this returns
   * @param text "host:port"; may be left out when connected
   * @returns an error string, or undefined: what goes wrong later goes to `onError`
   */
  send(bytes: Uint8Array, text?: string): string | undefined {
    const to = text === undefined ? this.#peer : this.#network.addresses.parse(text);
    if (to === undefined) return 'no recipient: give an address or connect first';
    if (typeof to === 'string') return to;
    if (to.port === 0) return `bad port in "${text}": must be 1 to 65535`;
    if (bytes.length > MAX_DATAGRAM) return `datagram of ${bytes.length} bytes: at most ${MAX_DATAGRAM} fit`;
    const failure = this.#ensureOpen(to.host);
    if (failure !== undefined) return failure;
    if (this.pending + bytes.length > this.#network.limits.sendLimit) {
      this.#dropped.add();
      return undefined;
    }
    this.#datagram?.send(copyOf(bytes), to);
    return undefined;
  }

  /** Closes; afterwards bind, connect and send open it anew. Harmless when closed. */
  close(): void {
    this.#datagram?.close();
    this.#forget();
  }

  /** Gives a bound address to the network, for the next `bind` of it, by any socket, to adopt. */
  park(): void {
    const datagram = this.#datagram;
    if (!datagram || !this.#bound) return this.close();
    datagram.receiver = undefined;
    this.#network.parkedDatagrams.set(this.#parkingKey(this.#bound), datagram);
    this.#forget();
  }

  onDatagram(bytes: Buffer, from: RemoteInfo): void {
    if (this.#network.blacklist.has(from.address)) return;
    const peer = this.#peer;
    const address = formatAddress(from.address, from.port);
    if (peer && address !== formatAddress(peer.host, peer.port)) return;
    this.#handler.onReception(bytes, address);
  }

  onError(reason: string): void {
    this.#handler.onError(reason);
  }

  #bind(host: string, port: number, wanted: string): string | undefined {
    this.#datagram?.close();
    this.#datagram = undefined;
    const adopted = this.#adopt(wanted);
    const datagram = adopted ?? Datagram.bind(this.#network.resolver, { host, port }, this.#broadcast, this);
    if (typeof datagram === 'string') return datagram;
    datagram.receiver = this;
    this.#datagram = datagram;
    this.#bound = wanted;
    return undefined;
  }

  #adopt(wanted: string): Datagram | undefined {
    const key = this.#parkingKey(wanted);
    const datagram = this.#network.parkedDatagrams.get(key);
    this.#network.parkedDatagrams.delete(key);
    return datagram;
  }

  #parkingKey(address: string): string {
    return this.#broadcast ? `${address} broadcast` : address;
  }

  #setPeer(peer: Address): string | undefined {
    const failure = this.#ensureOpen(peer.host);
    if (failure !== undefined) return failure;
    this.#peer = peer;
    const local = localAddressFor(this.#network.resolver, peer);
    this.#localAddress = local && formatAddress(local, this.#datagram?.port ?? 0);
    return undefined;
  }

  /** Opens on any port, in the family of `host`, when it is not open. */
  #ensureOpen(host: string): string | undefined {
    const open = this.#datagram;
    if (open && (open.reaches(host) || this.#bound)) {
      return open.reaches(host) ? undefined : `${host} is IPv6, this socket is bound to ${this.#bound}`;
    }
    open?.close();
    const local = { host: isIPv6(host) ? '::' : '0.0.0.0', port: 0 };
    const datagram = Datagram.bind(this.#network.resolver, local, this.#broadcast, this);
    if (typeof datagram === 'string') return datagram;
    this.#datagram = datagram;
    return undefined;
  }

  #forget(): void {
    this.#datagram = undefined;
    this.#bound = undefined;
    this.#peer = undefined;
    this.#localAddress = undefined;
  }
}

function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafe(bytes.length);
  copy.set(bytes);
  return copy;
}

/**
 * A UDP socket object: bound, connected or neither, closed and opened again as often as the script likes.
 *
 * It knows no Lua. "Connected" is kept here and not in the kernel: a connected socket may also send elsewhere, which
 * Node refuses for a socket that the kernel has connected; what comes from others is dropped, as the kernel would.
 */
import type { RemoteInfo } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import { type Address, addressOf, formatAddress, isWildcard, parseAddress } from './address.js';
import type { Sender } from './address-book.js';
import { broadcastRefused, Datagram, type DatagramReceiver, localAddressFor } from './datagram.js';
import { DropReport } from './drop-report.js';
import { reasonOf } from './errors.js';
import type { Network } from './network.js';

export interface UdpHandler {
  /** @param bytes the handler's to keep */
  onReception(bytes: Buffer, sender: Sender): void;
  /** The name that `connect` was given is not found, or leads nowhere. */
  onConnectFailed(reason: string): void;
  /** Something that could not be said at once failed: a send, or the look-up of its name. */
  onError(reason: string): void;
  /** `count` datagrams were dropped because more than the send limit was pending. */
  onDropped(count: number): void;
}

/** The most that fits into a datagram over IPv4, bytes. */
export const MAX_DATAGRAM = 65_507;

/** The one broadcast address that is known without asking the system for its networks. */
const EVERYWHERE = '255.255.255.255';

/** How many datagrams may be sent between two looks at what is pending. */
const ASK_EVERY = 16;

export class UdpSocket implements DatagramReceiver {
  readonly #network: Network;
  readonly #handler: UdpHandler;
  readonly #broadcast: boolean;
  #datagram: Datagram | undefined;
  /** What `bind` was asked for; undefined when the port was chosen by `connect` or `send`. */
  #bound: string | undefined;
  #peer: Address | undefined;
  /** The peer that `connect` was given by name, while the name is looked up. */
  #pendingPeer: Address | undefined;
  #localAddress: string | undefined;
  #peerText = '';
  readonly #dropped: DropReport;
  #sinceAsked = 0;
  #full = false;

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
    return this.#peer && this.#peerText;
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
    if (this.#peer ?? this.#pendingPeer) return 'cannot bind a connected socket: close it first';
    const wanted = formatAddress(host, local.port);
    if (this.#bound === wanted || (this.#bound && this.#datagram?.address === wanted)) return undefined;
    if (this.#bound) return `already bound to ${this.#bound}: close it first`;
    return this.#bind(host, local.port, wanted);
  }

  /** @param text "host:port" @returns an error string, or undefined: what goes wrong later goes to `onConnectFailed` */
  connect(text: string): string | undefined {
    const peer = parseAddress(text);
    if (typeof peer === 'string') return peer;
    if (peer.port === 0) return `bad port in "${text}": must be 1 to 65535`;
    if (this.#bound) return `cannot connect a bound socket (${this.#bound}): close it first`;
    const host = peerHost(peer.host);
    return isIP(host) ? this.#setPeer(addressOf(host, peer.port)) : this.#lookUpPeer(peer);
  }

  /**
   * @param bytes copied before this returns
   * @param address "host:port", or a sender's; may be left out when connected
   * @returns an error string, or undefined: what goes wrong later goes to `onError`
   */
  send(bytes: Uint8Array, address?: string | Address): string | undefined {
    const given = typeof address === 'string' ? this.#network.addresses.parse(address) : address;
    const to = given ?? this.#peer ?? this.#pendingPeer;
    if (to === undefined) return 'no recipient: give an address or connect first';
    if (typeof to === 'string') return to;
    if (to.port === 0) return `bad port in "${formatAddress(to.host, to.port)}": must be 1 to 65535`;
    if (to.host === EVERYWHERE && !this.#broadcast) return broadcastRefused(formatAddress(to.host, to.port));
    if (bytes.length > MAX_DATAGRAM) return `datagram of ${bytes.length} bytes: at most ${MAX_DATAGRAM} fit`;
    const failure = this.#ensureOpen(to);
    if (failure !== undefined) return failure;
    if (this.#isFull()) this.#dropped.add();
    else this.#datagram?.send(bytes, to);
    return undefined;
  }

  /** Asks the kernel now and then only: datagrams rarely wait, and asking costs a tenth of sending. */
  #isFull(): boolean {
    if (!this.#full && ++this.#sinceAsked < ASK_EVERY) return false;
    this.#sinceAsked = 0;
    this.#full = this.pending >= this.#network.limits.sendLimit;
    return this.#full;
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
    const sender = this.#network.addresses.sender(from);
    // While a peer's name is looked up, nobody is the peer.
    if (this.#pendingPeer || (this.#peer && sender.text !== this.#peerText)) return;
    this.#handler.onReception(bytes, sender);
  }

  onError(reason: string): void {
    this.#handler.onError(reason);
  }

  #bind(host: string, port: number, wanted: string): string | undefined {
    // It has a port that the system chose; if that is the wanted one, it is in the way.
    if (this.#datagram?.port === port) this.#closeDatagram();
    const adopted = this.#adopt(wanted);
    const datagram = adopted ?? Datagram.bind(this.#network, addressOf(host, port), this.#broadcast, this);
    if (typeof datagram === 'string') return datagram;
    datagram.receiver = this;
    this.#datagram?.close();
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
    this.#pendingPeer = undefined;
    const local = localAddressFor(this.#network.resolver, peer);
    if (local === undefined) return `no route to ${formatAddress(peer.host, peer.port)}`;
    this.#peer = undefined;
    const failure = this.#ensureOpen(peer);
    if (failure !== undefined) return failure;
    this.#peer = peer;
    this.#peerText = formatAddress(peer.host, peer.port);
    this.#localAddress = formatAddress(local, this.#datagram?.port ?? 0);
    return undefined;
  }

  /** Open from now on; what is sent before the name has been looked up waits for the same look-up. */
  #lookUpPeer(peer: Address): string | undefined {
    this.#peer = undefined;
    const before = this.#datagram;
    const failure = this.#ensureOpen(addressOf('0.0.0.0', 0));
    if (failure !== undefined) return failure;
    this.#pendingPeer = peer;
    this.#network.resolver.lookup(peer.host, 4, (error, host) => {
      // Closed or connected elsewhere meanwhile.
      if (this.#pendingPeer !== peer) return;
      this.#pendingPeer = undefined;
      const { port } = peer;
      const late = error
        ? reasonOf(error, formatAddress(peer.host, port))
        : this.#setPeer(addressOf(host, port));
      if (late === undefined) return;
      if (before === undefined) this.#closeDatagram();
      this.#handler.onConnectFailed(late);
    });
    return undefined;
  }

  #closeDatagram(): void {
    this.#datagram?.close();
    this.#datagram = undefined;
  }

  /** Opens on any port, in the family of `host`, when it is not open. */
  #ensureOpen({ host, family }: Address): string | undefined {
    if (this.#datagram?.reaches(family)) return undefined;
    if (this.#bound) return `${host} is IPv6, this socket is bound to ${this.#bound}`;
    if (this.#peer) return `${host} is IPv6, this socket is connected to ${this.peerAddress}`;
    this.#closeDatagram();
    const local = addressOf(family === 6 ? '::' : '0.0.0.0', 0);
    const datagram = Datagram.bind(this.#network, local, this.#broadcast, this);
    if (typeof datagram === 'string') return datagram;
    this.#datagram = datagram;
    return undefined;
  }

  #forget(): void {
    this.#datagram = undefined;
    this.#bound = undefined;
    this.#peer = undefined;
    this.#pendingPeer = undefined;
    this.#localAddress = undefined;
  }
}

/** What is meant by the host of a peer: the wildcard is this machine, as it is for the system's own connect. */
function peerHost(host: string): string {
  if (host === 'localhost' || host === '0.0.0.0') return '127.0.0.1';
  return isIPv6(host) && isWildcard(host) ? '::1' : host;
}

/**
 * A TCP connection, made or accepted, that can be made again: the connection of the moment, what the script keeps, what
 * waits to be sent.
 *
 * It knows no Lua. Invariant: a connection that has ended, or was given up, has lost its owner; its late events find
 * nobody. `disconnect` and `connect` may therefore be called inside any callback.
 */
import { isIPv6 } from 'node:net';
import { formatAddress, isHost, printable } from './address.js';
import type { Connection, ConnectionOwner, Endpoint, Unread } from './connection.js';
import { reasonOf } from './errors.js';
import { Kept } from './kept.js';
import type { Network } from './network.js';
import { SendQueue } from './send-queue.js';
import { SocketConnection } from './socket-connection.js';

export interface TcpHandler {
  /**
   * @param bytes the rest and what has come since; valid only during the call
   * @returns how many of the last bytes to keep: 0 to `bytes.length`
   */
  onReception(bytes: Buffer): number;
  /**
   * The same for bytes that are to be read yet; it need not read them.
   * @returns what to keep, in memory of its own
   */
  onUnread(unread: Unread): Buffer;
  /** The connection is over; `client.error` says why, if it was not an ordinary end. */
  onDisconnection(): void;
  /** A backlog of more than 64 KiB has gone to the kernel. */
  onDrain(): void;
}

export class TcpClient implements ConnectionOwner {
  handler: TcpHandler;
  /** Why the last connection or attempt ended; undefined after an ordinary end. */
  error: string | undefined;
  /** It ended because its script kept more than it may. */
  overLimit = false;
  readonly #network: Network;
  readonly #queue: SendQueue;
  readonly #kept: Kept;
  #connection: Connection | undefined;
  #target = '';
  #idleTimeout: number;
  #paused = false;
  #address: string | undefined;
  #peerAddress: string | undefined;

  constructor(network: Network, handler: TcpHandler) {
    this.#network = network;
    this.handler = handler;
    this.#idleTimeout = network.limits.idleTimeout;
    this.#kept = new Kept(network);
    this.#queue = new SendQueue(network, () => this.#tellDrained());
  }

  /** Takes over a connection that a server has accepted. */
  static accepted(network: Network, handler: TcpHandler, connection: Connection): TcpClient {
    const client = new TcpClient(network, handler);
    client.#own(connection);
    if (client.#idleTimeout > 0) connection.setTimeout(client.#idleTimeout * 1000);
    return client;
  }

  /** True from `connect` or acceptance on, also while the connection is being established. */
  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** "ip:port" of this side, while the connection is established. */
  get address(): string | undefined {
    this.#address ??= textOf(this.#connection?.local);
    return this.#address;
  }

  /** "ip:port" of the other side, while the connection is established. */
  get peerAddress(): string | undefined {
    this.#peerAddress ??= textOf(this.#connection?.remote);
    return this.#peerAddress;
  }

  /** Bytes that were sent and that the kernel has not taken yet. */
  get pending(): number {
    return this.#queue.pending;
  }

  /** Seconds without a byte either way after which the connection ends; 0 = never. */
  get idleTimeout(): number {
    return this.#idleTimeout;
  }

  set idleTimeout(seconds: number) {
    this.#idleTimeout = seconds;
    if (this.#connection?.connecting === false) this.#connection.setTimeout(seconds * 1000);
  }

  /**
   * Starts to connect and returns at once; an open connection is ended first. What goes wrong later, the look-up of
   * the name included, arrives as `onDisconnection`.
   * @returns an error string when it fails at once
   */
  connect(host: string, port: number): string | undefined {
    const name = withoutBrackets(host);
    if (!isHost(name)) return this.fail(`bad host "${printable(host)}"`);
    this.#stop();
    this.#target = formatAddress(name, port);
    const { receiveBuffer, readTurns } = this.#network;
    const connection = SocketConnection.connect(name, port, receiveBuffer, readTurns);
    this.#own(connection);
    connection.setTimeout(this.#network.limits.connectTimeout * 1000);
    return undefined;
  }

  /** A `connect` that is wrong in itself: an open connection is ended all the same. @returns `error` */
  fail(error: string): string {
    this.#stop();
    this.error = error;
    return error;
  }

  /** Ends the connection: what was sent still leaves, then FIN. Calls `onDisconnection` before it returns. */
  disconnect(): void {
    this.#end(undefined);
  }

  /** Like `disconnect`, without the callback. */
  abandon(): void {
    this.#release();
  }

  /**
   * @param bytes copied before this returns
   * @returns an error string when not connected or over the send limit; nothing was taken then
   */
  send(bytes: Uint8Array): string | undefined {
    if (!this.#connection) return 'TCPClient not connected';
    return this.#queue.add(bytes);
  }

  /** Stops reading; the kernel keeps what comes, then slows the peer down. */
  pause(): void {
    this.#paused = true;
    this.#connection?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#connection?.resume();
  }

  /** Ends for another `connect`. A callback that connects by itself does not win over the call that caused it. */
  #stop(): void {
    this.disconnect();
    this.abandon();
  }

  onConnect(): void {
    this.#target = '';
    const connection = this.#connection;
    connection?.setTimeout(this.#idleTimeout * 1000);
    if (this.#paused) connection?.pause();
  }

  onRead(chunk: Buffer): void {
    const connection = this.#connection;
    const bytes = this.#kept.join(chunk);
    const keep = this.handler.onReception(bytes);
    // Ended, or made anew, by the handler: what was read is of a connection that is over.
    if (this.#connection !== connection) return;
    this.#endIf(this.#kept.keepWithin(bytes, keep));
  }

  /** What is kept is in one place with what follows it, which only `onRead` does. */
  get readsItself(): boolean {
    return this.#kept.length === 0;
  }

  onUnread(unread: Unread): void {
    if (!this.readsItself) return;
    const connection = this.#connection;
    const kept = this.handler.onUnread(unread);
    if (this.#connection !== connection) return;
    this.#endIf(this.#kept.beginWithin(kept));
  }

  onDrain(): void {
    this.#queue.writeOn();
    this.#tellDrained();
  }

  onTimeout(): void {
    const connection = this.#connection;
    if (!connection?.connecting) return this.#end(`idle timeout: no data for ${this.#idleTimeout} s`);
    const { connectTimeout } = this.#network.limits;
    this.#end(`connect timeout: no connection to ${this.#target} within ${connectTimeout} s`);
    connection.destroy();
  }

  onEnd(error?: unknown): void {
    this.#end(error === undefined ? undefined : reasonOf(error, this.#target));
  }

  #own(connection: Connection): void {
    connection.owner = this;
    this.#connection = connection;
    this.#paused = false;
    this.error = undefined;
    this.overLimit = false;
    this.#queue.attach(connection);
  }

  #tellDrained(): void {
    if (!this.#queue.congested || this.#queue.pending > 0) return;
    this.#queue.congested = false;
    this.handler.onDrain();
  }

  /** @param error why it has to end, if it has to */
  #endIf(error: string | undefined): void {
    if (error === undefined) return;
    this.overLimit = true;
    this.#end(error);
  }

  #end(error: string | undefined): void {
    if (!this.#release()) return;
    this.error = error;
    this.handler.onDisconnection();
  }

  #release(): boolean {
    const connection = this.#connection;
    if (!connection) return false;
    this.#queue.detach();
    connection.owner = undefined;
    this.#connection = undefined;
    this.#address = undefined;
    this.#peerAddress = undefined;
    this.#kept.release();
    connection.setTimeout(0);
    if (this.#paused) connection.resume();
    if (!connection.closed) this.#network.lingering.add(connection);
    return true;
  }
}

/** As addresses are shown: "[::1]". */
function withoutBrackets(host: string): string {
  const inner = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  return isIPv6(inner) ? inner : host;
}

function textOf(endpoint: Endpoint | undefined): string | undefined {
  return endpoint && formatAddress(endpoint.address, endpoint.port);
}

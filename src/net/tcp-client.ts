/**
 * One TCP connection, made or accepted, that can be made again: the socket, the unread rest, what waits to be sent.
 *
 * It knows no Lua. Invariant: a socket that has ended, or was given up, has lost its owner; its late events find
 * nobody. `disconnect` and `connect` may therefore be called inside any callback.
 */
import { connect, type Socket } from 'node:net';
import { formatAddress, isHost, printable } from './address.js';
import { reasonOf } from './errors.js';
import { KEEP_ALIVE_MS } from './listener.js';
import type { Network } from './network.js';
import { Rest } from './rest.js';
import { SendQueue } from './send-queue.js';

export interface TcpHandler {
  /**
   * @param bytes the rest and what has come since; valid only during the call
   * @returns how many of the last bytes to keep: 0 to `bytes.length`
   */
  onReception(bytes: Buffer): number;
  /** The connection is over; `client.error` says why, if it was not an ordinary end. */
  onDisconnection(): void;
  /** A backlog of more than 64 KiB has gone to the kernel. */
  onDrain(): void;
}

/** Which client a socket belongs to: a property of the socket, so that listeners need no closure each. */
const OWNER = Symbol('owner');
type OwnedSocket = Socket & { [OWNER]?: TcpClient | undefined };

export class TcpClient {
  handler: TcpHandler;
  /** Why the last connection or attempt ended; undefined after an ordinary end. */
  error: string | undefined;
  readonly #network: Network;
  readonly #queue: SendQueue;
  readonly #rest = new Rest();
  #socket: OwnedSocket | undefined;
  #target = '';
  #idleTimeout: number;
  #paused = false;
  #address: string | undefined;
  #peerAddress: string | undefined;

  constructor(network: Network, handler: TcpHandler) {
    this.#network = network;
    this.handler = handler;
    this.#idleTimeout = network.limits.idleTimeout;
    this.#queue = new SendQueue(network, () => TcpClient.events.drain(this));
  }

  /** Takes over a connection that a server has accepted. */
  static accepted(network: Network, handler: TcpHandler, socket: Socket): TcpClient {
    const client = new TcpClient(network, handler);
    network.attach(socket, network.receiveBuffer, onRead);
    client.#own(socket);
    if (client.#idleTimeout > 0) client.#watchTimeout(client.#idleTimeout);
    return client;
  }

  /** True from `connect` or acceptance on, also while the connection is being established. */
  get connected(): boolean {
    return this.#socket !== undefined;
  }

  /** "ip:port" of this side, while the connection is established. */
  get address(): string | undefined {
    const socket = this.#socket;
    if (this.#address === undefined && socket?.localAddress && socket.localPort !== undefined) {
      this.#address = formatAddress(socket.localAddress, socket.localPort);
    }
    return this.#address;
  }

  /** "ip:port" of the other side, while the connection is established. */
  get peerAddress(): string | undefined {
    const socket = this.#socket;
    if (this.#peerAddress === undefined && socket?.remoteAddress && socket.remotePort !== undefined) {
      this.#peerAddress = formatAddress(socket.remoteAddress, socket.remotePort);
    }
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
    if (this.#socket && !this.#socket.connecting) this.#watchTimeout(seconds);
  }

  /**
   * Starts to connect and returns at once; an open connection is ended first. What goes wrong later, the look-up of
   * the name included, arrives as `onDisconnection`.
   * @returns an error string when it fails at once
   */
  connect(host: string, port: number): string | undefined {
    if (!isHost(host)) return this.fail(`bad host "${printable(host)}"`);
    this.#stop();
    this.#target = formatAddress(host, port);
    // A function of this socket alone: after a reconnection the old one must not deliver to the new one.
    const callback = (count: number, buffer: Uint8Array): boolean => onRead.call(socket, count, buffer);
    const onread = { buffer: this.#network.receiveBuffer, callback };
    const socket: Socket = connect({
      host,
      port,
      onread,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
    this.#own(socket);
    socket.once('connect', onConnect);
    this.#watchTimeout(this.#network.limits.connectTimeout);
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
    if (!this.#socket) return 'TCPClient not connected';
    return this.#queue.add(bytes);
  }

  /** Stops reading; the kernel keeps what comes, then slows the peer down. */
  pause(): void {
    this.#paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket?.resume();
  }

  /** Ends for another `connect`. A callback that connects by itself does not win over the call that caused it. */
  #stop(): void {
    this.disconnect();
    this.abandon();
  }

  #own(socket: OwnedSocket): void {
    socket[OWNER] = this;
    this.#socket = socket;
    this.#paused = false;
    this.error = undefined;
    this.#queue.attach(socket);
    socket.on('error', onError);
    socket.on('end', onEnd);
    socket.on('close', onEnd);
    socket.on('drain', onDrain);
  }

  #watchTimeout(seconds: number): void {
    const socket = this.#socket;
    if (!socket || (seconds === 0 && socket.timeout === undefined)) return;
    socket.off('timeout', onTimeout);
    socket.setTimeout(seconds * 1000);
    if (seconds > 0) socket.on('timeout', onTimeout);
  }

  #end(error: string | undefined): void {
    if (!this.#release()) return;
    this.error = error;
    this.handler.onDisconnection();
  }

  #release(): boolean {
    const socket = this.#socket;
    if (!socket) return false;
    this.#queue.detach();
    socket[OWNER] = undefined;
    this.#socket = undefined;
    this.#address = undefined;
    this.#peerAddress = undefined;
    this.#rest.clear();
    socket.setTimeout(0);
    if (this.#paused) socket.resume();
    if (!socket.destroyed) this.#network.lingering.add(socket);
    return true;
  }

  /** The events of the socket. Internal to this file: private to the class, called by its listeners. */
  static readonly events = {
    connect(client: TcpClient): void {
      client.#target = '';
      const socket = client.#socket;
      socket?.setTimeout(0);
      client.#watchTimeout(client.#idleTimeout);
      // Asked for now: a reset takes it away, and what came before that is still to be delivered.
      client.#peerAddress = client.peerAddress;
      if (client.#paused) socket?.pause();
    },
    read(client: TcpClient, socket: Socket, chunk: Buffer): boolean {
      const bytes = client.#rest.join(chunk);
      const keep = client.handler.onReception(bytes);
      if (client.#socket !== socket) return true;
      client.#rest.keep(bytes, keep);
      if (keep > client.#network.limits.receiveLimit) client.#overLimit(keep);
      return !client.#paused;
    },
    drain(client: TcpClient): void {
      if (!client.#queue.congested || client.#queue.pending > 0) return;
      client.#queue.congested = false;
      client.handler.onDrain();
    },
    timeout(client: TcpClient, socket: Socket): void {
      const { connectTimeout } = client.#network.limits;
      const connecting = socket.connecting;
      client.#end(
        connecting
          ? `connect timeout: no connection to ${client.#target} within ${connectTimeout} s`
          : `idle timeout: no data for ${client.#idleTimeout} s`,
      );
      if (connecting) socket.destroy();
    },
    end(client: TcpClient, error?: unknown): void {
      client.#end(error === undefined ? undefined : reasonOf(error, client.#target));
    },
  };

  #overLimit(kept: number): void {
    const { receiveLimit } = this.#network.limits;
    this.#end(`receive limit reached: onReception keeps ${kept} bytes, the limit is ${receiveLimit}`);
  }
}

function onRead(this: OwnedSocket, count: number, buffer: Uint8Array): boolean {
  const client = this[OWNER];
  if (!client) return true;
  return TcpClient.events.read(client, this, (buffer as Buffer).subarray(0, count));
}

function onConnect(this: OwnedSocket): void {
  if (this[OWNER]) TcpClient.events.connect(this[OWNER]);
}

function onDrain(this: OwnedSocket): void {
  if (this[OWNER]) TcpClient.events.drain(this[OWNER]);
}

function onTimeout(this: OwnedSocket): void {
  if (this[OWNER]) TcpClient.events.timeout(this[OWNER], this);
}

function onError(this: OwnedSocket, error: Error): void {
  if (this[OWNER]) TcpClient.events.end(this[OWNER], error);
}

function onEnd(this: OwnedSocket): void {
  if (this[OWNER]) TcpClient.events.end(this[OWNER]);
}

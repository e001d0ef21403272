/**
 * A TCP server object: a listener, which it may give up and take again, and the count of its connections.
 *
 * It knows no Lua. Accepted connections belong to whoever the handler gives them to; `stop` leaves them alone.
 */
import type { Connection, ConnectionWatcher } from './connection.js';
import { DropReport } from './drop-report.js';
import { Listener } from './listener.js';
import type { Network } from './network.js';

export interface TcpServerHandler {
  /** A connection has been accepted; it is the handler's from now on. */
  onConnection(connection: Connection): void;
  /** `count` connections were closed at once because `maxConnections` were open. */
  onDropped(count: number): void;
  /** Accepting failed, e.g. because the process has no file descriptor left. */
  onError(reason: string): void;
}

export class TcpServer implements ConnectionWatcher {
  /** Connections above this are closed at once; 0 = no limit. */
  maxConnections = 0;
  readonly #network: Network;
  readonly #handler: TcpServerHandler;
  #listener: Listener | undefined;
  #port = 0;
  #connections = 0;
  readonly #dropped: DropReport;
  readonly #unaffordable: DropReport;

  constructor(network: Network, handler: TcpServerHandler) {
    this.#network = network;
    this.#handler = handler;
    this.#dropped = new DropReport((count) => handler.onDropped(count));
    this.#unaffordable = new DropReport((count) => handler.onError(network.fileLimit.report(count)));
  }

  get running(): boolean {
    return this.#listener !== undefined;
  }

  /** The port of the last successful start, 0 before. */
  get port(): number {
    return this.#port;
  }

  /** Accepted connections that are still open. */
  get connections(): number {
    return this.#connections;
  }

  /**
   * Listens on all interfaces. When it fails, a server that is running goes on on its old port.
   * @param port 1 to 65535
   * @param onFailure told the reason, later, when this returns false
   */
  start(port: number, onFailure: (reason: string) => void): boolean {
    if (this.#listener?.port === port) return true;
    const listener = this.#adopt(port) ?? Listener.listen(port, this.#network.accept, onFailure);
    if (!listener) return false;
    this.#listener?.close();
    this.#listener = listener;
    this.#port = port;
    listener.acceptor = (connection) => this.#accept(connection);
    listener.onError = (reason) => this.#handler.onError(reason);
    return true;
  }

  stop(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  /** Gives the listening port to the network, for the next `start` of the same port, by any server, to adopt. */
  park(): void {
    const listener = this.#listener;
    if (!listener) return;
    this.#listener = undefined;
    listener.acceptor = undefined;
    this.#network.parkedServers.set(listener.port, listener);
  }

  #adopt(port: number): Listener | undefined {
    const listener = this.#network.parkedServers.get(port);
    this.#network.parkedServers.delete(port);
    return listener;
  }

  /** Of one that is counted. */
  onClosed(): void {
    this.#connections--;
  }

  #accept(connection: Connection): void {
    const { remote } = connection;
    // Without an address it has been reset already; with one, it is remembered, whatever happens from now on.
    if (remote === undefined || this.#network.blacklist.has(remote.address)) return connection.destroy();
    if (this.maxConnections > 0 && this.#connections >= this.maxConnections) {
      connection.destroy();
      return this.#dropped.add();
    }
    if (this.#network.fileLimit.reached(connection.descriptor)) {
      connection.destroy();
      return this.#unaffordable.add();
    }
    this.#connections++;
    connection.watcher = this;
    this.#handler.onConnection(connection);
  }
}

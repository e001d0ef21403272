/**
 * One listening TCP port. Its acceptor can change while it listens: that is how the new version of an application
 * takes over a port without a connection being refused.
 *
 * Invariant: a Listener either listens or is closed for good; it never changes its port.
 */
import { createServer, type Server } from 'node:net';
import type { Accept } from './accept.js';
import { type Connection, KEEP_ALIVE_MS } from './connection.js';
import { reasonOf } from './errors.js';

export type Acceptor = (connection: Connection) => void;

/** What `net.createServer` is given: connections that carry small messages both ways, for a long time. */
const OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };

export class Listener {
  readonly port: number;
  /** Undefined while parked: nothing can arrive then, because parking lasts less than a turn of the event loop. */
  acceptor: Acceptor | undefined;
  /** An error after listening has begun, such as running out of file descriptors. */
  onError: ((reason: string) => void) | undefined;
  readonly #server: Server;

  private constructor(port: number, server: Server, accept: Accept) {
    this.port = port;
    this.#server = server;
    accept(server, (connection) => this.#accept(connection));
    server.on('error', (error) => this.onError?.(reasonOf(error, `port ${port}`)));
  }

  /**
   * Listens on all interfaces, IPv6 and IPv4. Node binds before `listen` returns when it is given no host, so the
   * result is known at once; only the reason of a failure comes later.
   * @param port 1 to 65535
   * @param accept how connections come in
   * @param onFailure called, after this has returned undefined, with the reason and the address
   */
  static listen(port: number, accept: Accept, onFailure: (reason: string) => void): Listener | undefined {
    const server = createServer(OPTIONS);
    server.once('error', (error) => onFailure(reasonOf(error, `port ${port}`)));
    server.listen({ port });
    if (!server.listening) return undefined;
    server.removeAllListeners('error');
    return new Listener(port, server, accept);
  }

  /** Connections that are accepted already stay open. The port is free when this returns. */
  close(): void {
    this.acceptor = undefined;
    this.#server.close();
  }

  #accept(connection: Connection): void {
    if (this.acceptor) this.acceptor(connection);
    else connection.destroy();
  }
}

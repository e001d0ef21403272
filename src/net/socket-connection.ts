/**
 * A TCP connection on a `net.Socket`, by its public API: those that are made, and accepted ones where Node's handles
 * are not as they are known (native.ts).
 */
import { connect as connectSocket, type Socket } from 'node:net';
import {
  type Connection,
  type ConnectionOwner,
  type ConnectionWatcher,
  type Endpoint,
  KEEP_ALIVE_MS,
} from './connection.js';

/** Whose the socket is: a property of the socket, so that listeners need no closure each. */
const CONNECTION = Symbol('connection');
type OwnedSocket = Socket & { [CONNECTION]?: SocketConnection };

export class SocketConnection implements Connection {
  owner: ConnectionOwner | undefined;
  watcher: ConnectionWatcher | undefined;
  readonly #socket: OwnedSocket;
  #remote: Endpoint | undefined;

  private constructor(socket: OwnedSocket) {
    this.#socket = socket;
    socket[CONNECTION] = this;
    socket.on('error', onError);
    socket.on('end', onEnd);
    socket.on('close', onClose);
    socket.on('drain', onDrain);
    socket.on('finish', onFinish);
    socket.on('timeout', onTimeout);
  }

  static accepted(socket: Socket): SocketConnection {
    const connection = new SocketConnection(socket);
    socket.on('data', onData);
    connection.#rememberRemote();
    return connection;
  }

  /** @param buffer what is read is delivered in it, without an allocation for each read */
  static connect(host: string, port: number, buffer: Buffer): SocketConnection {
    const callback = (count: number): boolean => {
      connection.owner?.onRead(buffer.subarray(0, count));
      return true;
    };
    const onread = { buffer, callback };
    const alive = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    const socket = connectSocket({ host, port, onread, noDelay: true, ...alive });
    const connection = new SocketConnection(socket);
    socket.once('connect', onConnect);
    return connection;
  }

  get connecting(): boolean {
    return this.#socket.connecting;
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  get finished(): boolean {
    return this.#socket.writableFinished;
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  get local(): Endpoint | undefined {
    const { localAddress, localPort } = this.#socket;
    return endpointOf(localAddress, localPort);
  }

  get remote(): Endpoint | undefined {
    return this.#remote;
  }

  get descriptor(): number | undefined {
    return (this.#socket as { _handle?: { fd?: number } | null })._handle?.fd;
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  setTimeout(milliseconds: number): void {
    this.#socket.setTimeout(milliseconds);
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** A reset takes it away, and what came before that is still to be delivered. */
  #rememberRemote(): void {
    const { remoteAddress, remotePort } = this.#socket;
    this.#remote = endpointOf(remoteAddress, remotePort);
  }

  /** Of the socket. Private to the class, called by its listeners. */
  static readonly events = {
    connect(connection: SocketConnection): void {
      connection.#rememberRemote();
      connection.owner?.onConnect?.();
    },
  };
}

function endpointOf(address: string | undefined, port: number | undefined): Endpoint | undefined {
  return address === undefined || port === undefined ? undefined : { address, port };
}

function onConnect(this: OwnedSocket): void {
  if (this[CONNECTION]) SocketConnection.events.connect(this[CONNECTION]);
}

function onData(this: OwnedSocket, bytes: Buffer): void {
  this[CONNECTION]?.owner?.onRead(bytes);
}

function onDrain(this: OwnedSocket): void {
  this[CONNECTION]?.owner?.onDrain();
}

function onFinish(this: OwnedSocket): void {
  const connection = this[CONNECTION];
  if (connection) connection.owner?.onFinished?.(connection);
}

function onTimeout(this: OwnedSocket): void {
  this[CONNECTION]?.owner?.onTimeout();
}

function onError(this: OwnedSocket, error: Error): void {
  this[CONNECTION]?.owner?.onEnd(error);
}

function onEnd(this: OwnedSocket): void {
  this[CONNECTION]?.owner?.onEnd();
}

function onClose(this: OwnedSocket): void {
  const connection = this[CONNECTION];
  if (!connection) return;
  connection.owner?.onEnd();
  connection.owner?.onClosed?.(connection);
  connection.watcher?.onClosed();
}

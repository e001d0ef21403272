/**
 * A TCP connection on a `net.Socket`, by its public API: those that are made, and accepted ones where Node's handles
 * are not as they are known (native.ts).
 */
import { connect as connectSocket, type Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import {
  type Connection,
  type ConnectionOwner,
  type ConnectionWatcher,
  type Endpoint,
  isSeveral,
  KEEP_ALIVE_MS,
  type Sent,
} from './connection.js';
import { readNow } from './handle-io.js';
import { NODE_READ_SIZE, READ_SIZE, type Reader, type ReadTurns } from './read-turns.js';

/** For reads that find nothing. */
const SINK = Buffer.alloc(1);

/** Whose the socket is: a property of the socket, so that listeners need no closure each. */
const CONNECTION = Symbol('connection');
type OwnedSocket = Socket & { [CONNECTION]?: SocketConnection };

export class SocketConnection implements Connection, Reader {
  owner: ConnectionOwner | undefined;
  watcher: ConnectionWatcher | undefined;
  readonly #socket: OwnedSocket;
  readonly #readTurns: ReadTurns;
  /** The most that is read at a time, bytes. */
  readonly #readSize: number;
  #paused = false;
  #remote: Endpoint | undefined;

  private constructor(socket: OwnedSocket, readTurns: ReadTurns, readSize: number) {
    this.#socket = socket;
    this.#readTurns = readTurns;
    this.#readSize = readSize;
    socket[CONNECTION] = this;
    socket.on('error', onError);
    socket.on('end', onEnd);
    socket.on('close', onClose);
    socket.on('finish', onFinish);
    socket.on('timeout', onTimeout);
  }

  static accepted(socket: Socket, readTurns: ReadTurns): SocketConnection {
    const connection = new SocketConnection(socket, readTurns, NODE_READ_SIZE);
    socket.on('data', onData);
    connection.#rememberRemote();
    return connection;
  }

  /** @param buffer what is read is delivered in it, without an allocation for each read */
  static connect(host: string, port: number, buffer: Buffer, readTurns: ReadTurns): SocketConnection {
    const callback = (count: number): boolean => {
      SocketConnection.events.read(connection, buffer.subarray(0, count));
      return true;
    };
    const onread = { buffer, callback };
    const alive = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    const socket = connectSocket({ host, port, onread, noDelay: true, ...alive });
    const connection = new SocketConnection(socket, readTurns, READ_SIZE);
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

  write(sent: Sent): number {
    if (!isSeveral(sent)) {
      this.#socket.write(sent, this.#onWritten);
      return this.unsent;
    }
    // In one system call.
    this.#socket.cork();
    for (const piece of sent) this.#socket.write(piece, this.#onWritten);
    this.#socket.uncork();
    return this.unsent;
  }

  /** A `net.Socket` keeps what the kernel does not take. */
  writeNow(): number {
    return 0;
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#readTurns.waits(this)) this.readOn();
  }

  readOn(): void {
    if (!this.#paused) this.#socket.resume();
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

  /** Not the socket's 'drain', which comes only after more than it likes to hold. What was thrown away is not sent. */
  readonly #onWritten = (error?: Error | null): void => {
    const { destroyed, writableLength } = this.#socket;
    if (!error && !destroyed && writableLength === 0) this.owner?.onDrain();
  };

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
    end(connection: SocketConnection): void {
      // A reset that comes with data is told as an end: asked once more, the kernel says what it was.
      const status = readNow(connection.descriptor ?? -1, SINK);
      connection.owner?.onEnd(status < 0 ? { code: getSystemErrorName(status) } : undefined);
    },
    closed(connection: SocketConnection): void {
      connection.#readTurns.remove(connection);
    },
    read(connection: SocketConnection, bytes: Buffer): void {
      connection.owner?.onRead(bytes);
      // More is there than fits into a buffer: others come first.
      if (bytes.length < connection.#readSize || connection.#paused) return;
      connection.#socket.pause();
      connection.#readTurns.wait(connection);
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
  if (this[CONNECTION]) SocketConnection.events.read(this[CONNECTION], bytes);
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
  if (this[CONNECTION]) SocketConnection.events.end(this[CONNECTION]);
}

function onClose(this: OwnedSocket): void {
  const connection = this[CONNECTION];
  if (!connection) return;
  SocketConnection.events.closed(connection);
  connection.owner?.onEnd();
  connection.owner?.onClosed?.(connection);
  connection.watcher?.onClosed();
}

/**
 * How a listening server's connections come in: as Node's handles, or as `net.Socket`s where those are not as they are
 * known.
 */
import type { Server } from 'node:net';
import { type Connection, KEEP_ALIVE_MS } from './connection.js';
import { HandleConnection } from './handle-connection.js';
import { HandleIo } from './handle-io.js';
import { findStreams, type ListeningHandle, listeningHandle, type TcpHandle } from './native.js';
import type { ReadTurns } from './read-turns.js';
import { SocketConnection } from './socket-connection.js';

/** Tells `onConnection` of each connection that `server`, which listens already, accepts. */
export type Accept = (server: Server, onConnection: (connection: Connection) => void) => void;

/** On Linux an accepted connection has the options of the socket that listens. */
const INHERITS_OPTIONS = process.platform === 'linux';

/**
 * @param buffer for all connections
 * @param allowPrivate false: by the public API alone
 */
export function createAccept(buffer: Buffer, readTurns: ReadTurns, allowPrivate = true): Accept {
  const streams = allowPrivate ? findStreams() : undefined;
  const acceptSockets = socketsFor(readTurns);
  if (!streams) return acceptSockets;
  const io = new HandleIo(streams, buffer, readTurns);
  return (server, onConnection) => {
    acceptSockets(server, onConnection);
    const listening = listeningHandle(server);
    if (listening) acceptHandles(listening, (handle) => onConnection(new HandleConnection(io, handle)));
  };
}

function socketsFor(readTurns: ReadTurns): Accept {
  return (server, onConnection) => {
    server.on('connection', (socket) => onConnection(SocketConnection.accepted(socket, readTurns)));
  };
}

/** Comes before the server's own way, which is left with errors. */
function acceptHandles(listening: ListeningHandle, onHandle: (handle: TcpHandle) => void): void {
  const asSocket = listening.onconnection;
  if (INHERITS_OPTIONS) setOptions(listening);
  listening.onconnection = function (status, handle) {
    if (status !== 0 || !handle) return asSocket.call(this, status, handle);
    if (!INHERITS_OPTIONS) setOptions(handle);
    onHandle(handle);
  };
}

/** For connections that carry small messages both ways, for a long time. */
function setOptions(handle: ListeningHandle | TcpHandle): void {
  handle.setNoDelay(true);
  handle.setKeepAlive(true, KEEP_ALIVE_MS / 1000);
}

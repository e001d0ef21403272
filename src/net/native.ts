/**
 * What is used of Node's inside: the handles under `net.Socket` and `dgram.Socket`. The one place that knows where
 * they are found, and for which versions of Node they are known to be as they are described here.
 *
 * A stream for each connection is a third of what a short connection costs, and half of the memory of an idle one.
 * Where anything is not as expected the caller takes the public classes, which are slower and the same otherwise. The
 * shapes are checked, and the versions as well: a wrong argument does not throw here, it ends the process.
 */
import type { Socket as DatagramSocket, RemoteInfo } from 'node:dgram';
import type { Server } from 'node:net';

/** Major versions whose handles the end-to-end tests have been run with. */
const KNOWN_VERSIONS = [20, 22, 24, 26];

/** A request to write or to shut down, in flight. Reused when it was served at once. */
export interface Request {
  oncomplete: (this: Request, status: number) => void;
  /** Whose it is, and what must stay in memory meanwhile. */
  subject?: unknown;
  kept?: unknown;
}

export interface TcpHandle {
  /** A result is the buffer to read into from now on. */
  onread: (this: TcpHandle) => Uint8Array | undefined;
  readonly fd: number;
  readonly writeQueueSize: number;
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  writeBuffer(request: Request, bytes: Uint8Array): number;
  writev(request: Request, pieces: readonly Uint8Array[], allBuffers: true): number;
  shutdown(request: Request): number;
  close(): void;
  getsockname(into: object): number;
  getpeername(into: object): number;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, seconds: number): number;
}

export interface ListeningHandle {
  onconnection: (this: ListeningHandle, status: number, handle?: TcpHandle) => void;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, seconds: number): number;
}

export interface Streams {
  readonly WriteWrap: new () => Request;
  readonly ShutdownWrap: new () => Request;
  /** What the last read or write came to, at the two indices. */
  readonly state: Int32Array;
  /** Bytes that were read, or a negative error. */
  readonly read: number;
  /** Not 0 when the kernel has not taken everything. */
  readonly pending: number;
}

interface StreamBinding {
  WriteWrap?: new () => Request;
  ShutdownWrap?: new () => Request;
  streamBaseState?: Int32Array;
  kReadBytesOrError?: number;
  kLastWriteWasAsync?: number;
}

/** What handles of TCP connections are written with; undefined where it is not to be had. */
export function findStreams(): Streams | undefined {
  const binding = bindingOf<StreamBinding>('stream_wrap');
  const { WriteWrap, ShutdownWrap, streamBaseState: state, kReadBytesOrError: read } = binding ?? {};
  const pending = binding?.kLastWriteWasAsync;
  const functions = typeof WriteWrap === 'function' && typeof ShutdownWrap === 'function';
  if (!functions || !(state instanceof Int32Array)) return undefined;
  return read === undefined || pending === undefined
    ? undefined
    : { WriteWrap, ShutdownWrap, state, read, pending };
}

/** The handle of a server that listens, which is of the class of those that it accepts. */
export function listeningHandle(server: Server): ListeningHandle | undefined {
  const handle = (server as unknown as { _handle?: Partial<TcpHandle & ListeningHandle> })._handle;
  const usable = HANDLE_FUNCTIONS.every((name) => typeof handle?.[name] === 'function');
  return usable ? (handle as ListeningHandle) : undefined;
}

const HANDLE_FUNCTIONS = [
  ...(['onconnection', 'setNoDelay', 'setKeepAlive', 'getsockname', 'getpeername'] as const),
  ...(['useUserBuffer', 'readStart', 'readStop', 'writeBuffer', 'writev', 'shutdown', 'close'] as const),
];

export interface UdpHandle {
  /** @param count of bytes, or a negative error, without the rest then */
  onmessage: (this: UdpHandle, count: number, handle: UdpHandle, bytes?: Buffer, from?: RemoteInfo) => void;
  /** @returns 1 and more: it has left; 0: `request.oncomplete` follows; else a negative error */
  send(
    request: Request,
    pieces: readonly Uint8Array[],
    count: number,
    port: number,
    host: string,
    reports: true,
  ): number;
}

export interface Datagrams {
  readonly SendWrap: new () => Request;
}

/** What handles of datagram sockets are sent with; undefined where it is not to be had. */
export function findDatagrams(): Datagrams | undefined {
  const { SendWrap } = bindingOf<Partial<Datagrams>>('udp_wrap') ?? {};
  return typeof SendWrap === 'function' ? { SendWrap } : undefined;
}

/** The handle of a bound socket, which is in the one property that has a handle; it has no name. */
export function datagramHandle(socket: DatagramSocket): UdpHandle | undefined {
  const hidden = socket as unknown as Record<symbol, { handle?: Partial<UdpHandle> | null } | undefined>;
  for (const key of Object.getOwnPropertySymbols(socket)) {
    const handle = hidden[key]?.handle;
    if (typeof handle?.onmessage === 'function' && typeof handle.send === 'function')
      return handle as UdpHandle;
  }
  return undefined;
}

/** @param version such as "20.19.0" */
export function isKnownNode(version = process.versions.node): boolean {
  return KNOWN_VERSIONS.includes(Number(version.split('.')[0]));
}

function bindingOf<T>(name: string): T | undefined {
  if (!isKnownNode()) return undefined;
  try {
    return (process as unknown as { binding(name: string): T }).binding(name);
  } catch {
    // Refused, as it is under Node's permission model.
    return undefined;
  }
}

/**
 * An accepted TCP connection on Node's handle, without a stream around it.
 *
 * Invariant: `#handle` is there exactly while the connection is open. At most one request to write is in flight; what
 * is written meanwhile waits and follows together.
 */
import { getSystemErrorName } from 'node:util';
import type { Connection, ConnectionOwner, ConnectionWatcher, Endpoint, Sent } from './connection.js';
import { ENOBUFS, type HandleEvents, type HandleIo, readNow, writeNow } from './handle-io.js';
import { LONG_FROM, LongReads } from './long-reads.js';
import type { TcpHandle } from './native.js';
import { READ_SIZE, type Reader } from './read-turns.js';

/** libuv's word for FIN. */
const EOF = -4095;

const NOTHING: readonly Uint8Array[] = [];

export class HandleConnection implements Connection, HandleEvents, Reader {
  owner: ConnectionOwner | undefined;
  watcher: ConnectionWatcher | undefined;
  readonly connecting = false;
  /** Asked for at once: a reset takes it away. */
  readonly remote: Endpoint | undefined;
  /** Asked for once: the handle looks it up each time. Negative where there is none. */
  readonly #descriptor: number;
  readonly #io: HandleIo;
  #handle: TcpHandle | undefined;
  #inFlight = false;
  /** Why writing has failed, which is about to be told; or 0. */
  #failure = 0;
  #waiting = NOTHING;
  #paused = false;
  #peerEnded = false;
  #ending = false;
  #finished = false;
  /** There once much has come. */
  #longReads: LongReads | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** What was unsent when the timer last looked. */
  #unsentBefore = 0;

  constructor(io: HandleIo, handle: TcpHandle) {
    this.#io = io;
    this.#handle = handle;
    this.#descriptor = handle.fd;
    this.remote = endpointOf(handle, 'getpeername');
    io.attach(handle, this);
  }

  get closed(): boolean {
    return this.#handle === undefined;
  }

  get finished(): boolean {
    return this.#finished;
  }

  get unsent(): number {
    return this.#inFlight ? (this.#handle?.writeQueueSize ?? 0) + sizeOf(this.#waiting) : 0;
  }

  get local(): Endpoint | undefined {
    return this.#handle && endpointOf(this.#handle, 'getsockname');
  }

  get descriptor(): number | undefined {
    return this.#handle && this.#descriptor;
  }

  write(sent: Sent): number {
    if (!this.#inFlight) this.#dispatch(sent);
    // Only last words: who sends a lot waits for `onDrain`.
    else this.#waiting = this.#waiting.concat(sent);
    return this.unsent;
  }

  writeNow(bytes: Uint8Array): number {
    if (this.#inFlight || !this.#handle) return 0;
    const taken = writeNow(this.#descriptor, bytes);
    if (taken > 0) this.#timer?.refresh();
    else if (taken < 0) this.#failLater(taken);
    return Math.max(0, taken);
  }

  pause(): void {
    this.#paused = true;
    this.#handle?.readStop();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#io.readTurns.waits(this)) this.readOn();
  }

  readOn(): void {
    if (!this.#paused && !this.#peerEnded) this.#handle?.readStart();
  }

  setTimeout(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = milliseconds > 0 ? setTimeout(() => this.#look(), milliseconds).unref() : undefined;
  }

  end(): void {
    this.#ending = true;
    if (!this.#inFlight) this.#finish();
  }

  destroy(): void {
    const handle = this.#handle;
    if (!handle) return;
    this.#handle = undefined;
    this.setTimeout(0);
    this.#waiting = NOTHING;
    this.#longReads?.close();
    this.#io.readTurns.remove(this);
    this.#io.close(handle);
    this.owner?.onClosed?.(this);
    this.watcher?.onClosed();
  }

  onReadable(count: number): Buffer | undefined {
    this.#timer?.refresh();
    if (count > 0) return this.#onData(count);
    if (count === ENOBUFS && this.#longReads?.active) return this.#onUnread(this.#longReads);
    if (count === EOF) this.#onEof();
    else if (count < 0) this.#fail(count);
    return undefined;
  }

  onWritten(status: number): void {
    this.#inFlight = false;
    if (!this.#handle) return;
    if (status < 0) return this.#fail(status);
    this.#timer?.refresh();
    this.#writeOn();
  }

  /** FIN has been sent, or cannot be. */
  onShutDown(): void {
    this.#finished = true;
    this.owner?.onFinished?.(this);
    if (this.#peerEnded) this.destroy();
  }

  #dispatch(sent: Sent): void {
    if (!this.#handle) return;
    const status = this.#io.write(this.#handle, sent, this);
    this.#inFlight = status > 0;
    if (status >= 0) return void this.#timer?.refresh();
    this.#failLater(status);
    this.#waiting = this.#waiting.concat(sent);
  }

  /** In a turn of its own, as nothing may enter a script now. What is written until then counts as unsent. */
  #failLater(status: number): void {
    this.#inFlight = true;
    this.#failure = status;
    setImmediate(() => this.#fail(status));
  }

  #writeOn(): void {
    const waiting = this.#waiting;
    this.#waiting = NOTHING;
    if (waiting.length > 0) this.#dispatch(waiting);
    if (this.#inFlight) return;
    if (this.#ending) this.#finish();
    else this.owner?.onDrain();
  }

  #finish(): void {
    if (!this.#handle) return;
    // Nothing is unread then, and nothing unsent: closing sends FIN.
    if (this.#peerEnded || !this.#io.shutDown(this.#handle, this)) this.onShutDown();
  }

  #onData(count: number): Buffer | undefined {
    this.owner?.onRead(this.#io.received(count));
    this.#queueAfter(count);
    if (count < LONG_FROM || !this.#handle || !this.owner?.readsItself) return undefined;
    this.#longReads ??= LongReads.of(this.#descriptor);
    this.#longReads?.begin(count);
    return this.#longReads && this.#io.nowhere;
  }

  #onUnread(reads: LongReads): Buffer | undefined {
    const count = reads.offer(this.owner);
    if (count === 0 && reads.error < 0) this.#fail(reads.error);
    this.#queueAfter(count);
    reads.active = count >= LONG_FROM && this.owner?.readsItself === true;
    return reads.active ? undefined : this.#io.buffer;
  }

  /** More is there than was read: others come first. A reader that ended meanwhile reads on, for nobody. */
  #queueAfter(count: number): void {
    if (count < READ_SIZE || !this.#handle || this.#paused) return;
    this.#handle.readStop();
    this.#io.readTurns.wait(this);
  }

  /**
   * A reset is told once, to whoever asks first: to what was written, or to nobody, as libuv takes one that comes with
   * data for an end.
   */
  #onEof(): void {
    const failure = this.#failure || readNow(this.#descriptor, this.#io.buffer);
    if (failure < 0) this.#fail(failure);
    else this.#onPeerEnd();
  }

  #onPeerEnd(): void {
    this.#peerEnded = true;
    this.#handle?.readStop();
    if (this.#finished) this.destroy();
    else this.owner?.onEnd();
  }

  #fail(status: number): void {
    if (!this.#handle) return;
    this.destroy();
    this.owner?.onEnd({ code: getSystemErrorName(status) });
  }

  /** A peer that takes what it is sent, however slowly, is not idle. */
  #look(): void {
    const { unsent } = this;
    if (unsent === 0 || unsent === this.#unsentBefore) return this.owner?.onTimeout();
    this.#unsentBefore = unsent;
    this.#timer?.refresh();
  }
}

function endpointOf(handle: TcpHandle, ask: 'getsockname' | 'getpeername'): Endpoint | undefined {
  const found: Partial<Endpoint> = {};
  return handle[ask](found) === 0 ? (found as Endpoint) : undefined;
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Reading and writing on handles of Node's, for all connections of a server: the one buffer they read into, and
 * requests that are used again as long as the kernel takes everything at once, which it mostly does.
 */
import { readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { isSeveral, type Sent } from './connection.js';
import type { Request, Streams, TcpHandle } from './native.js';
import type { ReadTurns } from './read-turns.js';

/** Told of what happens later. Internal to handle-connection.ts. */
export interface HandleEvents {
  /**
   * @param count of bytes, or a negative error
   * @returns what to read into from now on, if it is another one: `buffer` or `nowhere`
   */
  onReadable(count: number): Buffer | undefined;
  /** Everything that was given to `write` has been taken. @param status 0, or a negative error */
  onWritten(status: number): void;
  onShutDown(): void;
}

/** What a handle says that has bytes to read and nowhere to put them, as often as the event loop turns. */
export const ENOBUFS = -constants.errno.ENOBUFS;

/** Whose the handle is: a property of the handle, so that its callback needs no closure. */
const EVENTS = Symbol('events');
type OwnedHandle = TcpHandle & { [EVENTS]?: HandleEvents | undefined };

export class HandleIo {
  readonly readTurns: ReadTurns;
  readonly buffer: Buffer;
  /** For handles that are read by their descriptor. Of that memory, as Node takes an address of 0 for no buffer. */
  readonly nowhere: Buffer;
  readonly #streams: Streams;
  /** The part of the buffer that was filled last: messages of one length need one view. */
  #view: Buffer;
  #spare: Request | undefined;
  readonly #onRead: TcpHandle['onread'];

  /** @param buffer a read is delivered before the next one begins, so that one is enough */
  constructor(streams: Streams, buffer: Buffer, readTurns: ReadTurns) {
    this.#streams = streams;
    this.readTurns = readTurns;
    this.buffer = buffer;
    this.nowhere = buffer.subarray(0, 0);
    this.#view = buffer;
    const { state, read } = streams;
    this.#onRead = function (this: OwnedHandle) {
      return this[EVENTS]?.onReadable(state[read] ?? 0);
    };
  }

  attach(handle: OwnedHandle, events: HandleEvents): void {
    handle[EVENTS] = events;
    handle.onread = this.#onRead;
    handle.useUserBuffer(this.buffer);
    handle.readStart();
  }

  /** Closes the handle; its events find nobody from now on. */
  close(handle: OwnedHandle): void {
    handle[EVENTS] = undefined;
    handle.close();
  }

  /** What was read last; valid until the next read. */
  received(count: number): Buffer {
    if (this.#view.length !== count) this.#view = this.buffer.subarray(0, count);
    return this.#view;
  }

  /** @returns 0: the kernel has taken everything; 1: `onWritten` follows; else a negative error */
  write(handle: TcpHandle, sent: Sent, events: HandleEvents): number {
    const { WriteWrap, state, pending } = this.#streams;
    const request = this.#spare ?? new WriteWrap();
    this.#spare = undefined;
    request.oncomplete = onWritten;
    const status = isSeveral(sent) ? handle.writev(request, sent, true) : handle.writeBuffer(request, sent);
    if (status !== 0) return status;
    if (state[pending] === 0) {
      this.#spare = request;
      return 0;
    }
    request.subject = events;
    request.kept = sent;
    return 1;
  }

  /** Sends FIN. @returns true when `onShutDown` follows */
  shutDown(handle: TcpHandle, events: HandleEvents): boolean {
    const request = new this.#streams.ShutdownWrap();
    request.oncomplete = onShutDown;
    request.subject = events;
    return handle.shutdown(request) === 0;
  }
}

/** What libuv tries again, too: nothing is wrong with the connection. */
const LATER = new Set(['EAGAIN', 'EINTR', 'ENOBUFS', 'ENOMEM']);

/**
 * By the descriptor, which libuv has made non-blocking: its own requests keep the address of what is not taken, and this
 * does not.
 * @returns how many bytes the kernel has taken, 0 where it cannot be asked, or a negative error, which it tells only once
 */
export function writeNow(descriptor: number, bytes: Uint8Array): number {
  if (!(descriptor >= 0)) return 0;
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    return statusOf(error);
  }
}

/**
 * The same the other way.
 * @returns how many bytes were there, 0 at the end, too, or a negative error
 */
export function readNow(descriptor: number, into: Uint8Array): number {
  if (!(descriptor >= 0)) return 0;
  try {
    return readSync(descriptor, into, 0, into.length, null);
  } catch (error) {
    return statusOf(error);
  }
}

function statusOf(error: unknown): number {
  const { code, errno } = error as NodeJS.ErrnoException;
  return errno === undefined || LATER.has(code ?? '') ? 0 : errno;
}

function onWritten(this: Request, status: number): void {
  (this.subject as HandleEvents).onWritten(status);
}

function onShutDown(this: Request): void {
  (this.subject as HandleEvents).onShutDown();
}

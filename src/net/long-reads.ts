/**
 * How an accepted connection that brings much is read: not into the shared buffer but, by its descriptor, straight to
 * where its owner wants the bytes, which is one copy less.
 *
 * libuv says that something is there when a handle has nowhere to put it (`nowhere` in handle-io.ts), and keeps no
 * address meanwhile. As soon as less comes, or nothing, or an end, the handle gets its buffer back, and libuv
 * finds out.
 */
import type { ConnectionOwner, Unread } from './connection.js';
import { readNow } from './handle-io.js';

/** A read of so many bytes is much: below, a copy costs less than asking twice where a message ends. */
export const LONG_FROM = 32_768;

export class LongReads implements Unread {
  /** Of the system, negative, when the last read failed. */
  error = 0;
  readonly #descriptor: number;
  #count = 0;

  /** @returns undefined when there is none */
  static of(descriptor: number): LongReads | undefined {
    return descriptor >= 0 ? new LongReads(descriptor) : undefined;
  }

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** @returns how many bytes the owner has read */
  offer(owner: ConnectionOwner | undefined): number {
    this.#count = 0;
    owner?.onUnread?.(this);
    return this.#count;
  }

  readInto(into: Uint8Array): number {
    const count = readNow(this.#descriptor, into);
    this.error = Math.min(0, count);
    this.#count = Math.max(0, count);
    return this.#count;
  }
}

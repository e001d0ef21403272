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
import { READ_SIZE } from './read-turns.js';

/** A read of so many bytes is much: below, a copy costs less than asking twice where a message ends. */
export const LONG_FROM = 32_768;

/** So many times in a row what there was room for has come until it is tried whether there is more; then more often. */
const PATIENCE = 8;
const MOST_PATIENCE = 256;

export class LongReads implements Unread {
  /** The handle has nowhere to put what comes. */
  active = false;
  /** Of the system, negative, when the last read failed. */
  error = 0;
  /** As much as came last: messages are mostly as long as the one before, and room that is left over cuts memory up. */
  room = READ_SIZE;
  #descriptor: number;
  #count = 0;
  #fulls = 0;
  #patience = PATIENCE;

  /** @returns undefined when there is no descriptor */
  static of(descriptor: number): LongReads | undefined {
    return descriptor >= 0 ? new LongReads(descriptor) : undefined;
  }

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** @param count of bytes of the read before, which was an ordinary one */
  begin(count: number): void {
    this.active = true;
    this.room = count;
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
    if (count >= LONG_FROM) this.#learn(count, into.length);
    return this.#count;
  }

  /** The connection has closed: the descriptor may be another's by now. */
  close(): void {
    this.#descriptor = -1;
  }

  #learn(count: number, room: number): void {
    if (count < room) {
      const triedInVain = this.#fulls >= this.#patience;
      if (triedInVain) this.#patience = Math.min(this.#patience * 2, MOST_PATIENCE);
      if (triedInVain || count < room / 2) this.room = count;
      this.#fulls = 0;
    } else if (room < READ_SIZE && ++this.#fulls >= this.#patience) this.room = READ_SIZE;
  }
}

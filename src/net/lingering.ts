/**
 * Connections that are over for their script and not yet for the kernel: they send what they still hold, then FIN, and
 * read on without looking until the peer closes as well. Closing with unread data would make the kernel send RST,
 * which can destroy what the peer has not read yet.
 *
 * One timer looks after all of them: one for each connection would be set and cleared for nothing most of the time.
 */
import type { Socket } from 'node:net';

/** A closed connection that the peer keeps open, or whose data it does not take, is cut after this time, ms. */
export const LINGER_MS = 10_000;
const LOOK_MS = 1000;

/**
 * When the server stops: a peer that is at the other end closes as soon as it has our FIN, milliseconds. If it sends
 * something after we have closed, what it has not read by then is lost.
 */
const GOODBYE_MS = 500;

export class Lingering {
  readonly #deadlines = new Map<Socket, number>();
  #timer: NodeJS.Timeout | undefined;
  readonly #onClose: (this: Socket) => void;

  constructor() {
    const deadlines = this.#deadlines;
    this.#onClose = function (this: Socket) {
      deadlines.delete(this);
    };
  }

  get size(): number {
    return this.#deadlines.size;
  }

  add(socket: Socket): void {
    this.#deadlines.set(socket, performance.now() + LINGER_MS);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    socket.once('close', this.#onClose);
    socket.end();
  }

  /** Resolves when everything has been sent, and the peers had a moment to close, at the latest after `ms`. */
  async close(ms: number): Promise<void> {
    await within(ms, [...this.#deadlines.keys()].map(finished));
    await within(Math.min(ms, GOODBYE_MS), [...this.#deadlines.keys()].map(closed));
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const socket of this.#deadlines.keys()) socket.destroy();
  }

  #look(): void {
    const now = performance.now();
    for (const [socket, deadline] of this.#deadlines) if (deadline <= now) socket.destroy();
    if (this.#deadlines.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Resolves when all of them have, or after `ms`. */
async function within(ms: number, waiting: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([Promise.all(waiting), late]);
  clearTimeout(timer);
}

function finished(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || socket.writableFinished) return resolve();
    socket.once('finish', resolve);
    socket.once('close', () => resolve());
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}

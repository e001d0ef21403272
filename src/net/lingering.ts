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

  /** Resolves when everything has been sent, at the latest after `ms`; then cuts what is left. */
  async close(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([Promise.all([...this.#deadlines.keys()].map(finished)), late]);
    clearTimeout(timer);
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

function finished(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || socket.writableFinished) return resolve();
    socket.once('finish', resolve);
    socket.once('close', () => resolve());
  });
}

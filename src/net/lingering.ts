/**
 * Connections that are over for their script and not yet for the kernel: they send what they still hold, then FIN, and
 * read on without looking until the peer closes as well. Closing with unread data would make the kernel send RST,
 * which can destroy what the peer has not read yet.
 *
 * One timer looks after all of them: one for each connection would be set and cleared for nothing most of the time.
 */
import type { Connection, ConnectionOwner } from './connection.js';

/** A closed connection that the peer keeps open, or whose data it does not take, is cut after this time, ms. */
export const LINGER_MS = 10_000;
const LOOK_MS = 1000;

/**
 * When the server stops: a peer that is at the other end closes as soon as it has our FIN, milliseconds. If it sends
 * something after we have closed, what it has not read by then is lost.
 */
const GOODBYE_MS = 500;

export class Lingering implements ConnectionOwner {
  readonly #deadlines = new Map<Connection, number>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** While the network closes: told of what has come further. */
  #onProgress: ((connection: Connection) => void) | undefined;

  get size(): number {
    return this.#deadlines.size;
  }

  /** Once closed, there is no time for it any more. */
  add(connection: Connection): void {
    if (this.#closed) return connection.destroy();
    connection.end();
    // The peer had closed already, and there was nothing to send.
    if (connection.closed) return;
    connection.owner = this;
    this.#deadlines.set(connection, performance.now() + LINGER_MS);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  /** Resolves when everything has been sent, and the peers had a moment to close, at the latest after `ms`. */
  async close(ms: number): Promise<void> {
    await this.#until(({ finished }) => finished, ms);
    await this.#until(() => false, Math.min(ms, GOODBYE_MS));
    clearInterval(this.#timer);
    this.#closed = true;
    for (const connection of this.#deadlines.keys()) connection.destroy();
  }

  onRead(): void {}
  onEnd(): void {}
  onDrain(): void {}
  onTimeout(): void {}

  onFinished(connection: Connection): void {
    this.#onProgress?.(connection);
  }

  onClosed(connection: Connection): void {
    this.#deadlines.delete(connection);
    this.#onProgress?.(connection);
  }

  /** Resolves when all are done, or have closed, or after `ms`. */
  async #until(done: (connection: Connection) => boolean, ms: number): Promise<void> {
    const waiting = new Set([...this.#deadlines.keys()].filter((connection) => !done(connection)));
    if (waiting.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      this.#onProgress = (connection) => {
        if (connection.closed || done(connection)) waiting.delete(connection);
        if (waiting.size === 0) resolve();
      };
    });
    clearTimeout(timer);
    this.#onProgress = undefined;
  }

  #look(): void {
    const now = performance.now();
    for (const [connection, deadline] of this.#deadlines) if (deadline <= now) connection.destroy();
    if (this.#deadlines.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * The standard output as a destination of log lines, whatever it is: terminal, pipe, file, journald's socket.
 *
 * Knows no format. Invariant: a reader that is slow or stuck never holds up the event loop.
 */
import { close, constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { type LogTarget, sleepSync } from './target.js';

const writeFd = promisify(write);
const closeFd = promisify(close);

/** Milliseconds that settle() leaves to a write that nothing can be learnt about. */
const SETTLE_MS = 10;

export class LogOutput implements LogTarget {
  readonly name = 'stdout';
  readonly #fd: number;
  /** Our own description of the same pipe or terminal; see openNonBlocking. */
  readonly #own: number | undefined;

  constructor(fd: number) {
    this.#fd = fd;
    this.#own = openNonBlocking(fd);
  }

  prepare(): undefined {
    return undefined;
  }

  room(): number {
    return Number.POSITIVE_INFINITY;
  }

  write(bytes: Buffer, offset: number): number | Promise<number> {
    if (this.#own !== undefined) return this.writeSync(bytes, offset);
    return writeFd(this.#fd, bytes, offset).then(({ bytesWritten }) => offset + bytesWritten);
  }

  writeSync(bytes: Buffer, offset: number): number {
    return offset + writeSync(this.#own ?? this.#fd, bytes, offset);
  }

  settle(): void {
    sleepSync(SETTLE_MS);
  }

  async close(): Promise<void> {
    if (this.#own !== undefined) await closeFd(this.#own);
  }
}

/**
 * Opens a pipe or a terminal once more, non-blocking: the flag on the given description would also change it for
 * every other process that shares it, and a blocking write would hold one of Node's four threads, and the exit,
 * for as long as the reader sleeps. Undefined where that cannot be done: files, sockets, systems without /proc.
 */
function openNonBlocking(fd: number): number | undefined {
  try {
    const stats = fstatSync(fd);
    if (!stats.isFIFO() && !stats.isCharacterDevice()) return undefined;
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}

/**
 * The log files NAME.0, NAME.1 … of a folder as a destination of log lines.
 *
 * Owns the open file and its size; knows no format. Invariants: a file does not grow beyond its size but by
 * a single line that is longer, or at a sudden exit; a line that was half written is completed in the same file or
 * begun again in another; bytes in a file that somebody has deleted do not count as written.
 */
import {
  close,
  constants,
  existsSync,
  fstat,
  fstatSync,
  mkdirSync,
  open,
  openSync,
  promises,
  type Stats,
  write,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { type LogFilesOptions, pathOf, shiftFiles } from './rotation.js';
import { codeOf, explain, type LogTarget, RETRY_MS, type Report, sleepSync } from './target.js';

// The callback functions, made awaitable: a FileHandle costs twice as much per write.
const openFd = promisify(open);
const writeFd = promisify(write);
const closeFd = promisify(close);
const statFd = promisify<number, Stats>(fstat);

/** To append. A FIFO that nobody reads is an error at once, and not a thread that waits for ever. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** Logs can carry what peers have sent: not for everybody to read. */
const FILE_MODE = 0o640;

const LINE_FEED = 10;

/** Milliseconds that settle() waits for a write under way. */
const SETTLE_MS = 200;

export class LogFiles implements LogTarget {
  readonly name: string;
  readonly #options: LogFilesOptions;
  readonly #report: Report;
  #fd: number | undefined;
  #size = 0;
  /** Device and inode. A batch that is half written goes on in the same file only. */
  #identity = '';
  #moved = false;
  #reopenWanted = false;
  /** The size that the write under way will bring. */
  #expected = 0;
  /** Not every file system does. */
  #countsLinks = false;
  #rotationFailedAt: number | undefined;

  constructor(options: LogFilesOptions, report: Report) {
    this.#options = options;
    this.#report = report;
    this.name = pathOf(options, 0);
  }

  /** Has the file opened anew by its name before the next line: somebody has moved it away. */
  reopen(): void {
    this.#reopenWanted = true;
  }

  prepare(next: number): Promise<void> | undefined {
    const ready = this.#fd !== undefined && !this.#reopenWanted;
    return ready && !this.#isFull(next) ? undefined : this.#prepare(next);
  }

  room(): number {
    return this.#rotationFailedAt === undefined
      ? Math.max(this.#options.size - this.#size, 0)
      : this.#options.size;
  }

  async write(bytes: Buffer, offset: number): Promise<number> {
    const fd = this.#fd;
    if (fd === undefined) return offset;
    const start = this.#startOf(bytes, offset);
    this.#expected = this.#size + bytes.length - start;
    try {
      const { bytesWritten } = await writeFd(fd, bytes, start);
      this.#size += bytesWritten;
      return (await this.#isDeleted(fd)) ? start : start + bytesWritten;
    } catch (error) {
      await this.#release();
      throw error;
    }
  }

  /** Does not rotate: what is left at a sudden exit goes where the lines before it are. */
  writeSync(bytes: Buffer, offset: number): number {
    this.#fd ??= this.#openSync();
    const start = this.#startOf(bytes, offset);
    const written = writeSync(this.#fd, bytes, start);
    this.#size += written;
    return start + written;
  }

  settle(): void {
    const deadline = performance.now() + SETTLE_MS;
    while (this.#fd !== undefined && fstatSync(this.#fd).size < this.#expected) {
      if (performance.now() > deadline) return;
      sleepSync(1);
    }
  }

  close(): Promise<void> {
    return this.#release();
  }

  #isFull(next: number): boolean {
    if (next === 0 || this.#size === 0 || this.#size + next <= this.#options.size) return false;
    const failedAt = this.#rotationFailedAt;
    return failedAt === undefined || performance.now() - failedAt >= RETRY_MS;
  }

  async #prepare(next: number): Promise<void> {
    if (this.#fd === undefined || this.#reopenWanted) await this.#open();
    if (this.#isFull(next) && (await this.#shift())) {
      await this.#release();
      await this.#open();
    }
  }

  async #open(): Promise<void> {
    const fd = await openFd(this.name, FLAGS, FILE_MODE).catch((error: unknown) =>
      this.#openInNewFolder(error),
    );
    const stats = await statFd(fd);
    // There can be one by now, opened by flushSync.
    const old = this.#fd;
    this.#adopt(fd, stats);
    this.#reopenWanted = false;
    if (old !== undefined) await discard(old);
  }

  /** One level only: a missing parent is more likely a slip, or a disk that is not mounted. */
  async #openInNewFolder(error: unknown): Promise<number> {
    if (codeOf(error) !== 'ENOENT') throw error;
    await promises.mkdir(this.#options.directory).catch((failure: unknown) => {
      // A link that leads nowhere: the first error says so.
      throw codeOf(failure) === 'EEXIST' ? error : failure;
    });
    return openFd(this.name, FLAGS, FILE_MODE);
  }

  #openSync(): number {
    if (!existsSync(this.#options.directory)) mkdirSync(this.#options.directory);
    const fd = openSync(this.name, FLAGS, FILE_MODE);
    this.#adopt(fd, fstatSync(fd));
    return fd;
  }

  #adopt(fd: number, stats: Stats): void {
    const identity = `${stats.dev}:${stats.ino}`;
    if (identity !== this.#identity) this.#moved = true;
    this.#identity = identity;
    this.#fd = fd;
    this.#size = stats.size;
    this.#countsLinks = stats.nlink > 0;
  }

  async #release(): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) await discard(fd);
  }

  #startOf(bytes: Buffer, offset: number): number {
    if (!this.#moved) return offset;
    this.#moved = false;
    return offset === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, offset - 1) + 1;
  }

  async #isDeleted(fd: number): Promise<boolean> {
    if (!this.#countsLinks || (await statFd(fd)).nlink > 0) return false;
    this.#report(`${this.name} has been deleted: its lines so far are gone, the next go to a new one`);
    await this.#release();
    return true;
  }

  /** False when the files cannot be renamed: the file goes on growing, and that is told once. */
  async #shift(): Promise<boolean> {
    try {
      await shiftFiles(this.#options);
      this.#rotationFailedAt = undefined;
      return true;
    } catch (error) {
      if (this.#rotationFailedAt === undefined) this.#report(`${this.name} grows: ${explain(error)}`);
      this.#rotationFailedAt = performance.now();
      return false;
    }
  }
}

async function discard(fd: number): Promise<void> {
  await closeFd(fd).catch(() => undefined);
}

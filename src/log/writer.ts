/**
 * Brings lines to one destination: in order, without blocking the event loop, and again after a failure.
 *
 * Knows no format and no descriptor. Own code and not pino.destination, because sonic-boom's flushSync never
 * returns on a full disk or a closed pipe and passes over the bytes under way.
 * Invariants: one write at a time; a line is in the queue, in the batch, or safe; nothing here throws at a caller.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../errors.js';
import { LineQueue, MAX_BYTES } from './queue.js';
import {
  type Batch,
  codeOf,
  explain,
  isBusy,
  type LogTarget,
  RETRY_MS,
  type Report,
  STALL_MS,
  writeAllSync,
} from './target.js';

/** Bytes at once: what a pipe holds on Linux. */
const BATCH_BYTES = 64 * 1024;

/** Milliseconds between tries on a full pipe: doubled from the first to the second. */
const BUSY_MS = { first: 1, last: 50 };

export class LineWriter {
  readonly #target: LogTarget;
  readonly #report: Report;
  readonly #queue: LineQueue;
  /** Taken from the queue and not yet safe: one, or a second that flushSync had to leave. */
  #batches: Batch[] = [];
  /** The first batch is with the system, and how much of it is safe is not known. */
  #inFlight = false;
  /** A pump runs, or waits for its turn. */
  #active = false;
  #wokenAgain = false;
  #failing = false;
  #closed = false;
  #closing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #busyMs = BUSY_MS.first;
  #progressAt = 0;
  #onIdle: (() => void) | undefined;

  /** `lossLine`: the line that stands for `count` lines that are missing. */
  constructor(target: LogTarget, lossLine: (count: number) => string, report: Report) {
    this.#target = target;
    this.#report = report;
    this.#queue = new LineQueue(lossLine);
  }

  /** Queues a line, line feed included. After close(), or once the reader has gone, it is dropped. */
  write(line: string): void {
    if (this.#closed || this.#closing !== undefined) return;
    this.#queue.push(line);
    if (!this.#active) this.#start();
  }

  /** Has the target prepared soon, also if no line waits; a target that failed is tried again at once. */
  wake(): void {
    if (this.#closed) return;
    if (this.#timer === undefined && this.#active) this.#wokenAgain = true;
    else this.#start();
  }

  /** Writes what waits before it returns. What cannot be written stays in the queue and is reported. */
  flushSync(): void {
    if (this.#closed) return;
    const first = this.#inFlight ? 1 : 0;
    const next = () => this.#batchAt(first, BATCH_BYTES);
    try {
      if (this.#inFlight) this.#target.settle();
      for (let batch = next(); batch !== undefined; batch = next()) {
        writeAllSync(this.#target, batch);
        this.#batches.splice(first, 1);
      }
    } catch (error) {
      if (codeOf(error) === 'EPIPE') this.#abandon(error);
      else this.#reportLeft(`; ${explain(error)}`);
    }
  }

  /** Resolves when everything is written. What cannot be is reported; a stuck reader holds it for STALL_MS. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  get #pending(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.lines, this.#queue.pending);
  }

  /** The next pump is a turn away: the lines of one callback leave together, none is under way at a sudden exit. */
  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#active = true;
    setImmediate(() => void this.#pump());
  }

  async #pump(): Promise<void> {
    try {
      do {
        this.#wokenAgain = false;
        await this.#target.prepare(this.#batches.length === 0 ? this.#queue.nextBytes : 0);
        const batch = this.#batchAt(0, Math.min(BATCH_BYTES, this.#target.room()));
        if (batch !== undefined) await this.#send(batch);
      } while (this.#wokenAgain || this.#pending > 0);
      this.#rest();
    } catch (error) {
      this.#inFlight = false;
      this.#stumble(error);
    }
  }

  #batchAt(index: number, room: number): Batch | undefined {
    if (this.#batches.length <= index) {
      const taken = this.#queue.take(room);
      if (taken !== undefined) this.#batches.push({ ...taken, offset: 0 });
    }
    return this.#batches[index];
  }

  async #send(batch: Batch): Promise<void> {
    const written = this.#target.write(batch.bytes, batch.offset);
    if (typeof written === 'number') {
      this.#advance(batch, written);
      await nextTurn();
      return;
    }
    this.#inFlight = true;
    const offset = await written;
    this.#inFlight = false;
    this.#advance(batch, offset);
  }

  #advance(batch: Batch, offset: number): void {
    batch.offset = offset;
    this.#progressAt = performance.now();
    this.#busyMs = BUSY_MS.first;
    if (offset < batch.bytes.length) return;
    this.#batches.shift();
    if (this.#failing) this.#report(`${this.#target.name} can be written again`);
    this.#failing = false;
  }

  #stumble(error: unknown): void {
    if (codeOf(error) === 'EPIPE') this.#abandon(error);
    else if (isBusy(error)) this.#retryBusy();
    else if (this.#closing !== undefined) this.#giveUp(error);
    else this.#retryFailed(error);
  }

  #retryBusy(): void {
    this.#timer = setTimeout(() => this.#start(), this.#busyMs);
    this.#busyMs = Math.min(this.#busyMs * 2, BUSY_MS.last);
  }

  #retryFailed(error: unknown): void {
    if (!this.#failing) {
      const wait = `lines wait in memory, up to ${MAX_BYTES >> 20} MiB, and it is tried again every second`;
      this.#report(`cannot write to ${this.#target.name}: ${explain(error)} (${wait})`);
    }
    this.#failing = true;
    this.#timer = setTimeout(() => this.#start(), RETRY_MS).unref();
  }

  /** The reader has gone (`| head`), and nobody can take its place: the server goes on without. */
  #abandon(error: unknown): void {
    this.#report(`nobody reads ${this.#target.name} any more (${messageOf(error)}): no more lines go there`);
    this.#closed = true;
    this.#queue.clear();
    this.#batches = [];
    this.#rest();
  }

  #giveUp(error: unknown): void {
    if (this.#pending > 0) this.#reportLeft(`; ${explain(error)}`);
    this.#rest();
  }

  #rest(): void {
    this.#active = false;
    this.#onIdle?.();
  }

  async #close(): Promise<void> {
    this.wake();
    const atRest = await this.#restOrStall();
    this.#closed = true;
    clearTimeout(this.#timer);
    // A write that is stuck still holds the descriptor: its number must not go to another file.
    if (atRest) await this.#target.close();
    else this.#reportLeft(`; its reader took nothing for ${STALL_MS} ms`);
  }

  #restOrStall(): Promise<boolean> {
    if (!this.#active) return Promise.resolve(true);
    this.#progressAt = performance.now();
    return new Promise((resolve) => {
      const settle = (atRest: boolean) => {
        clearInterval(watch);
        resolve(atRest);
      };
      const watch = setInterval(() => {
        if (performance.now() - this.#progressAt >= STALL_MS) settle(false);
      }, STALL_MS / 10);
      this.#onIdle = () => settle(true);
    });
  }

  #reportLeft(reason: string): void {
    this.#report(`log lines not written to ${this.#target.name}: ${this.#pending}${reason}`);
  }
}

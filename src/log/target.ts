/**
 * What a destination of log lines must be able to do, how long it is waited for, and how its failures are told.
 *
 * A target writes bytes when it is asked; when, in which order and again after a failure is LineWriter's.
 */
import { write } from 'node:fs';
import { messageOf } from '../errors.js';

/** Milliseconds until what has failed is tried again. */
export const RETRY_MS = 1000;

/** Milliseconds without any progress after which close() and flushSync() give up. */
export const STALL_MS = 2000;

/** Milliseconds between tries on a slow reader, where there is no event loop to wait with. */
const BUSY_SYNC_MS = 10;

/** Whole lines, of which those before `offset` are safe. */
export interface Batch {
  readonly bytes: Buffer;
  readonly lines: number;
  offset: number;
}

export interface LogTarget {
  /** As shown in messages: "stdout", "logs/log.0". */
  readonly name: string;

  /**
   * Gets ready to write, at least for a line of `next` bytes (0: there is none). Undefined: it was ready.
   * No bytes are given away before this is done, so that flushSync can take them in the meantime.
   */
  prepare(next: number): Promise<void> | undefined;

  /** How many bytes it would rather take at once now. */
  room(): number;

  /**
   * Writes `bytes` from `offset` and tells the offset up to which they are safe; it may write less, and may start
   * again before `offset`. Rejects or throws the system's error.
   */
  write(bytes: Buffer, offset: number): number | Promise<number>;

  /** The same at once, blocking. */
  writeSync(bytes: Buffer, offset: number): number;

  /** Blocks until a write under way has most likely been done; bounded. */
  settle(): void;

  close(): Promise<void>;
}

/** Tells the operator about a problem of the logger itself. */
export type Report = (problem: string) => void;

/** Reports on a descriptor, without waiting; nobody is left to tell if that fails. */
export function reportTo(fd: number): Report {
  return (problem) => write(fd, `cumulus-server: ${problem}\n`, () => undefined);
}

/** The system's error code; undefined for anything else. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** Why a destination fails and what to do: "EACCES: permission denied, open 'logs/log.0'; give the user …". */
export function explain(error: unknown): string {
  return `${messageOf(error)}; ${ADVICE[codeOf(error) ?? ''] ?? 'see to the cause'}`;
}

const ALLOW = 'give the user that runs the server the right to write there';
const FREE = 'free some space on that disk';
const EXIST = 'create that folder, or configure another one';

const ADVICE: Readonly<Record<string, string>> = {
  EAGAIN: 'see why its reader takes nothing',
  EACCES: ALLOW,
  EPERM: ALLOW,
  EROFS: ALLOW,
  ENOSPC: FREE,
  ENXIO: 'it is a FIFO that nobody reads: remove it, or configure another folder',
  EDQUOT: FREE,
  ENOENT: EXIST,
  ENOTDIR: EXIST,
};

/** Blocks the thread: for flushSync only. */
export function sleepSync(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** The reader is slow, on a descriptor that does not block. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EAGAIN' || code === 'EBUSY';
}

/** Writes the rest of a batch, blocking. Throws when the target fails, or takes nothing for STALL_MS. */
export function writeAllSync(target: LogTarget, batch: Batch): void {
  let progressAt = performance.now();
  while (batch.offset < batch.bytes.length) {
    try {
      batch.offset = target.writeSync(batch.bytes, batch.offset);
      progressAt = performance.now();
    } catch (error) {
      if (!isBusy(error) || performance.now() - progressAt > STALL_MS) throw error;
      sleepSync(BUSY_SYNC_MS);
    }
  }
}

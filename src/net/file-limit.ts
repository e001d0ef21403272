/**
 * Notices that the process is about to run out of file descriptors, by the number of a new one: the system gives the
 * lowest that is free.
 *
 * Invariant: connections never take the last descriptors, so that files can still be read, mail sent and names looked
 * up. Once they were all gone libuv would close what connects without telling anybody; and when a thread is faster
 * at taking the one descriptor that it does that with, it would spin until another becomes free.
 */

import { readFileSync } from 'node:fs';
import { counted } from '../counted.js';

/** Descriptors that are not for connections. */
export const MARGIN = 16;

export class FileLimit {
  readonly limit = readLimit();

  /** True when a connection must be given up. @param descriptor undefined where its number is not known */
  reached(descriptor = -1): boolean {
    return descriptor >= this.limit - MARGIN;
  }

  /** What to tell when `count` connections have been given up. */
  report(count: number): string {
    return `almost out of file descriptors, the limit is ${this.limit}: ${counted(count, 'connection')} closed; raise LimitNOFILE or ulimit -n`;
  }
}

function readLimit(): number {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return match ? Number(match[1]) : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

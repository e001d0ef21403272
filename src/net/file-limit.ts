/**
 * Notices that the process is about to run out of file descriptors. When it has, libuv closes what connects without
 * telling anybody; the number of a new descriptor, always the lowest free one, tells before.
 */
import { readFileSync } from 'node:fs';

/** Descriptors that are left when it is told. */
const MARGIN = 16;
/** It is told again after this time, milliseconds. */
const AGAIN_MS = 60_000;

export class FileLimit {
  readonly #limit = readLimit();
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @param handle what Node calls `_handle`; without a number in it nothing is noticed @returns what to tell */
  check(handle: { readonly fd?: number } | null | undefined): string | undefined {
    const fd = handle?.fd ?? -1;
    if (fd < this.#limit - MARGIN || performance.now() - this.#toldAt < AGAIN_MS) return undefined;
    this.#toldAt = performance.now();
    return `almost out of file descriptors (${fd} of ${this.#limit}): further connections will be closed; raise LimitNOFILE or ulimit -n`;
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

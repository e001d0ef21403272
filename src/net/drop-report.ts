/**
 * Counts what is dropped and tells of it together, at most once a second: a flood must not flood the log as well.
 */
const REPORT_MS = 1000;

export class DropReport {
  readonly #tell: (count: number) => void;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param tell how many were dropped since it was last called */
  constructor(tell: (count: number) => void) {
    this.#tell = tell;
  }

  add(): void {
    this.#count++;
    this.#timer ??= setTimeout(() => this.#report(), REPORT_MS).unref();
  }

  #report(): void {
    const count = this.#count;
    this.#count = 0;
    this.#timer = undefined;
    this.#tell(count);
  }
}

/**
 * Work that is done one after the other: while something is in flight, more of the same is remembered once and follows.
 */
export class OneAtATime<T> {
  readonly #again: (request: T) => Promise<void>;
  #busy: Promise<void> | undefined;
  /** What was asked for last, meanwhile. */
  #next: T | undefined;

  /** @param again does what is asked for by `request`; must not reject */
  constructor(again: (request: T) => Promise<void>) {
    this.#again = again;
  }

  /** Does `work` now, and then what was asked for meanwhile. The caller knows that nothing is in flight. */
  run(work: () => Promise<void>): Promise<void> {
    this.#busy = this.#untilQuiet(work).finally(() => {
      this.#busy = undefined;
    });
    return this.#busy;
  }

  /** @returns when it is done, and all that was asked for meanwhile */
  request(request: T): Promise<void> {
    if (!this.#busy) return this.run(() => this.#again(request));
    this.#next = request;
    return this.#busy;
  }

  /** What was asked for and has not begun is not wanted any more. */
  forget(): void {
    this.#next = undefined;
  }

  async #untilQuiet(work: () => Promise<void>): Promise<void> {
    await work();
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#next = undefined;
      await this.#again(next);
    }
  }
}

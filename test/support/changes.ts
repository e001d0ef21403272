/** Lets a test wait for a condition that events bring about: checked at each change, never by time. */
export class Changes {
  #waiting: (() => void)[] = [];

  /** Something has happened. */
  note(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

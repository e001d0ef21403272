/**
 * Mails that were not taken, and whose senders are told so later: each sender of one in each turn of the event loop.
 *
 * A script may answer each refusal with further mails, which are refused again. In a microtask, or all in one turn,
 * that would keep the loop from going on; in one list for all senders it would keep the others waiting.
 */
type Report = () => void;

/** Entries that were taken are cut off when there are this many, and more of them than of the others. */
const CUT_FROM = 1024;

class List {
  readonly #reports: (Report | undefined)[] = [];
  #next = 0;

  get length(): number {
    return this.#reports.length - this.#next;
  }

  add(report: Report): void {
    this.#reports.push(report);
  }

  take(): Report | undefined {
    const report = this.#reports[this.#next];
    this.#reports[this.#next++] = undefined;
    if (this.#next >= CUT_FROM && this.#next > this.length) {
      this.#reports.splice(0, this.#next);
      this.#next = 0;
    }
    return report;
  }
}

export class Refusals {
  readonly #lists = new Map<object, List>();
  #scheduled = false;
  /** Turns until what waited when the mailer was closed has been told. */
  #turnsLeft = 0;
  #onTold: (() => void) | undefined;

  /** @param sender whoever sends: those of one are told in order */
  add(sender: object, report: Report): void {
    const list = this.#lists.get(sender) ?? new List();
    this.#lists.set(sender, list);
    list.add(report);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  /** Resolves when all that waits now has been told, at the latest after `ms`. */
  async told(ms: number): Promise<void> {
    this.#turnsLeft = Math.max(0, ...[...this.#lists.values()].map(({ length }) => length));
    if (this.#turnsLeft === 0) return;
    let late: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onTold = resolve;
      late = setTimeout(resolve, ms);
    });
    clearTimeout(late);
  }

  readonly #turn = (): void => {
    for (const [sender, list] of [...this.#lists]) {
      const report = list.take();
      // Before the report, which may add to it.
      if (list.length === 0) this.#lists.delete(sender);
      report?.();
    }
    if (--this.#turnsLeft === 0) this.#onTold?.();
    this.#scheduled = this.#lists.size > 0;
    if (this.#scheduled) setImmediate(this.#turn);
  };
}

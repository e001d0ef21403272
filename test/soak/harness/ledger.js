// @ts-check
/**
 * The book of all mails: asked for by a script, settled by `onSent`, taken by the SMTP server. Knows neither of them.
 */

/** What the daemon says when it cannot know. */
const IN_DOUBT = 'it may have arrived all the same';
const FOR_OTHERS = 'sent to the others';

/** @typedef {{ asked: number, outcomes: string[], taken: number }} Entry outcomes: "sent", or "failed: …" */

export class Ledger {
  /** @type {Map<string, Entry>} */ #entries = new Map();

  /** @param {string} line of the daemon's output; only those of the mail application count */
  read(line) {
    const [, id = '', what = ''] = /^mail (\w+) (.*)$/.exec(line) ?? [];
    if (what === 'asked') this.#entry(id).asked++;
    else if (what !== '') this.#entry(id).outcomes.push(what);
  }

  /** The SMTP server has taken it, whether or not it could still say so. @param {string} id */
  taken(id) {
    this.#entry(id).taken++;
  }

  /** Mails of which nothing has been heard yet. */
  get open() {
    return this.#all().filter(([, { asked, outcomes }]) => asked > outcomes.length).length;
  }

  /** How many of each outcome. */
  counts() {
    const entries = this.#all().map(([, entry]) => entry);
    const count = (/** @type {(entry: Entry) => boolean} */ wanted) => entries.filter(wanted).length;
    const failed = (/** @type {Entry} */ { outcomes }) => outcomes[0]?.startsWith('failed') === true;
    const inDoubt = (/** @type {Entry} */ entry) => entry.outcomes[0]?.includes(IN_DOUBT) === true;
    return {
      asked: count(({ asked }) => asked > 0),
      sent: count(({ outcomes }) => outcomes[0] === 'sent'),
      failed: count((entry) => failed(entry) && !inDoubt(entry)),
      'failed, in doubt': count(inDoubt),
      'in doubt, and taken': count((entry) => inDoubt(entry) && entry.taken > 0),
      'for some only': count(({ outcomes }) => outcomes[0]?.includes(FOR_OTHERS) === true),
    };
  }

  /** What must not be, in words. @returns {string[]} */
  errors() {
    return this.#all().flatMap(([id, entry]) => {
      const error = errorOf(entry);
      return error === undefined ? [] : [`mail ${id} ${error}`];
    });
  }

  #all() {
    return [...this.#entries];
  }

  /** @param {string} id */
  #entry(id) {
    const entry = this.#entries.get(id) ?? { asked: 0, outcomes: [], taken: 0 };
    this.#entries.set(id, entry);
    return entry;
  }
}

/** @param {Entry} entry */
function errorOf({ asked, outcomes, taken }) {
  const [outcome = ''] = outcomes;
  if (asked !== 1) return `was asked for ${asked} times`;
  if (outcomes.length !== 1) return `was settled ${outcomes.length} times: ${outcomes.join('; ')}`;
  // The protocol cannot tell a lost answer from a lost mail; the daemon does not send it again then.
  const [least, most] = outcome.includes(IN_DOUBT)
    ? [0, 1]
    : outcome === 'sent' || outcome.includes(FOR_OTHERS)
      ? [1, 1]
      : [0, 0];
  if (taken < least || taken > most) return `was taken ${taken} times: ${outcome}`;
  return undefined;
}

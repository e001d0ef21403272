// @ts-check
/**
 * Asks for mails. What becomes of each is known elsewhere: the application prints it, because a reload cuts this
 * connection and not the mail.
 */
import { integer, magnitude } from '../harness/random.js';
import { Ended, Peer } from './peer.js';

const LARGEST = 200_000;
const MOST_AT_ONCE = 4;
/** One of so many has an address that is none. */
const WRONG = 20;

let serial = 0;

/** @type {import('../types.js').Activity} */
export const mail = {
  name: 'mail',
  workers: 2,
  pause: 1000,
  worker: (work) => ({
    async round() {
      const { random } = work;
      try {
        const peer = await Peer.open(work.ports['mail'] ?? 0);
        const ids = Array.from({ length: integer(random, 1, MOST_AT_ONCE) }, () => `m${++serial}`);
        const since = performance.now();
        for (const id of ids) peer.write(`${id} ${magnitude(random, LARGEST)} ${recipientsOf(random)}\n`);
        for (const id of ids)
          if ((await peer.line()) !== id) throw new Error(`the order of ${id} was not confirmed`);
        work.took(since);
        work.count('confirmed', ids.length);
        peer.close();
      } catch (error) {
        if (!(error instanceof Ended) || error.message.includes('ECONNREFUSED')) throw error;
        work.count('cut by a reload');
      }
    },
  }),
};

/** @param {() => number} random */
function recipientsOf(random) {
  if (integer(random, 1, WRONG) === 1) return 'nobody';
  return Array.from({ length: integer(random, 1, 3) }, (_, i) => `user${i}@example.org`).join(' ');
}

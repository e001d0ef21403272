// @ts-check
/**
 * An application that is reloaded all the time and hands its count on: no number comes twice, none is smaller than
 * one that was seen before the question. A reload cuts connections, but never refuses one.
 */
import { integer } from '../harness/random.js';
import { Ended, Peer } from './peer.js';

const MOST_QUESTIONS = 40;

/** Shared by all workers. */
let highest = 0;
const seen = new Set();
const totals = { asked: 0, answered: 0 };

/** @type {import('../types.js').Activity} */
export const counter = {
  name: 'counter',
  workers: 3,
  pause: 50,
  worker: (work) => ({
    async round() {
      const peer = await opened(work);
      if (!peer) return;
      try {
        const questions = integer(work.random, 1, MOST_QUESTIONS);
        for (let i = 0; i < questions && !work.ending; i++) await question(peer, work);
      } catch (error) {
        if (!(error instanceof Ended)) throw error;
        work.count('cut by a reload');
      } finally {
        peer.close();
      }
    },
  }),
};

/** @param {import('../types.js').Work} work */
async function opened(work) {
  try {
    return await Peer.open(work.ports['counter'] ?? 0);
  } catch (error) {
    // Reset before Node has told that it is established; a refusal is a failure.
    if (!(error instanceof Ended) || error.message.includes('ECONNREFUSED')) throw error;
    work.count('cut by a reload');
    return undefined;
  }
}

/** @param {Peer} peer @param {import('../types.js').Work} work */
async function question(peer, work) {
  const before = { highest, answered: totals.answered };
  const since = performance.now();
  totals.asked++;
  peer.write('next\n');
  const number = Number(await peer.line());
  totals.answered++;
  work.took(since);
  work.count('answers');
  if (number <= before.highest) throw new Error(`the counter went back from ${before.highest} to ${number}`);
  if (seen.has(number)) throw new Error(`the counter gave ${number} twice`);
  // A question may be counted whose answer a reload has cut off; nothing else may be.
  if (number <= before.answered || number > totals.asked)
    throw new Error(`the counter is ${number} after ${before.answered} answers to ${totals.asked} questions`);
  seen.add(number);
  highest = Math.max(highest, number);
}

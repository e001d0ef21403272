// @ts-check
/**
 * Loops and memory bombs: each is ended by its limit, on a connection that stays, in an application that answers the
 * next line.
 */
import { pick } from '../harness/random.js';
import { Peer } from './peer.js';

const LOOPS = ['plain', 'protected', 'tail', 'coroutine', 'strings', 'sort', 'substitute', 'index'];
const BOMBS = ['table', 'text', 'protected', 'repeated', 'strings', 'coroutines', 'closures'];

/**
 * On a machine that is out of breath an event can be ended before it has sent anything: by the time limit, or
 * for want of memory that the bomb before has left to be collected. Then the next line must be answered, milliseconds.
 */
const IMPATIENCE_MS = 10_000;

export const loops = activity('loops', LOOPS);
export const bombs = activity('bombs', BOMBS);

/** @param {string} name @param {readonly string[]} kinds @returns {import('../types.js').Activity} */
function activity(name, kinds) {
  return {
    name,
    workers: 1,
    pause: 6000,
    worker: (work) => ({
      async round() {
        const kind = pick(work.random, kinds);
        try {
          await tried(kind, await Peer.open(work.ports[name] ?? 0), work);
        } catch (error) {
          throw new Error(`${kind}: ${error instanceof Error ? error.message : error}`);
        }
      },
    }),
  };
}

/** @param {string} kind @param {Peer} peer @param {import('../types.js').Work} work */
async function tried(kind, peer, work) {
  const since = performance.now();
  let pings = 0;
  const ping = () => {
    pings++;
    peer.write('ping\n');
  };
  peer.write(`${kind}\n`);
  const impatience = setTimeout(ping, IMPATIENCE_MS);
  let line = await peer.line();
  clearTimeout(impatience);
  if (line === 'go') {
    work.took(since);
    if (pings === 0) ping();
    line = await peer.line();
  } else work.count('ended before they began');
  if (line !== 'pong') throw new Error(`answered "${line}", not "pong"`);
  peer.close();
  work.count('ended');
}

// @ts-check
/**
 * Connections that live on through reloads, because the daemon lets them drain: each is answered by one and the same
 * version, and none is cut.
 */
import { integer } from '../harness/random.js';
import { Peer, pause } from './peer.js';

const MOST_LINES = 40;
const MOST_PAUSE_MS = 50;

/** @type {import('../types.js').Activity} */
export const lines = {
  name: 'lines',
  workers: 4,
  pause: 50,
  worker: (work) => ({
    async round() {
      const peer = await Peer.open(work.ports['lines'] ?? 0);
      let version = '';
      const count = integer(work.random, 1, MOST_LINES);
      for (let i = 0; i < count && !work.ending; i++) {
        const since = performance.now();
        peer.write('?\n');
        const answer = await peer.line();
        work.took(since);
        work.count('answers');
        if (version !== '' && answer !== version)
          throw new Error(`version ${answer} has answered on a connection of version ${version}`);
        version = answer;
        await pause(integer(work.random, 0, MOST_PAUSE_MS));
      }
      peer.close();
      work.count('connections');
    },
  }),
};

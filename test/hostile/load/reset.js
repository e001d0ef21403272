// @ts-check
/** Peers that reset their connection in the middle of everything. */
import { act } from './act.js';
import { established, open, repeat } from './crowd.js';

/** Half of them ask for megabytes: what a script sends at once, the kernel has to copy. */
const PARALLEL = 12;

/**
 * What a peer does before its reset, by name. The first byte tells the script what to do; "b" asks for megabytes.
 * @type {Readonly<Record<string, (socket: import('node:net').Socket, answer: Promise<unknown>) => unknown>>}
 */
const MOMENTS = {
  'at once': () => {},
  'with data unread by the script': (socket) => socket.write('e'.repeat(100_000)),
  'after an echo': async (socket, answer) => {
    socket.write('e');
    await answer;
  },
  'in the middle of an answer': async (socket, answer) => {
    socket.write('b');
    await answer;
  },
  'with an answer pending that is never read': async (socket) => {
    socket.pause();
    await new Promise((resolve) => socket.write('b', resolve));
  },
  'after the script has ended it': async (socket, answer) => {
    socket.write('q');
    await answer;
  },
  'half-closed': async (socket, answer) => {
    socket.write('b');
    await answer;
    socket.end();
  },
};

act({
  /** @param {{ port: number, count: number }} options connections of each kind */
  async reset({ port, count }) {
    /** @type {Record<string, number>} */
    const done = {};
    const kinds = Object.entries(MOMENTS);
    await repeat(count * kinds.length, PARALLEL, async (index) => {
      const [name, moment] = /** @type {(typeof kinds)[number]} */ (kinds[index % kinds.length]);
      /** @type {(value: unknown) => void} */
      let answered = () => {};
      const answer = new Promise((resolve) => {
        answered = resolve;
      });
      const socket = open(port, answered);
      socket.once('close', answered);
      await established(socket);
      await moment(socket, answer);
      // Node does not reset what has sent FIN already: what is closed with data unread is reset by the kernel.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
      done[name] = (done[name] ?? 0) + 1;
    });
    return done;
  },
});

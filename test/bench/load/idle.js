// @ts-check
/**
 * Opens connections that stay open and silent, each after one echo, so that the server has accepted and served it.
 *
 * Options: port, connections. `run` waits.
 */
import { established, nextHost, openConnection } from './connection.js';
import { serve } from './serve.js';

const AT_A_TIME = 100;

serve(async ({ port, connections }) => {
  /** @type {import('node:net').Socket[]} */
  const sockets = [];
  while (sockets.length < connections) {
    const some = await Promise.all(Array.from({ length: AT_A_TIME }, () => opened(port)));
    sockets.push(...some);
  }
  return {
    run: async (/** @type {number} */ ms) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return { messages: sockets.filter((socket) => !socket.destroyed).length };
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
});

/** @param {number} port @returns {Promise<import('node:net').Socket>} */
async function opened(port) {
  /** @type {(value: unknown) => void} */
  let answered = () => {};
  const answer = new Promise((resolve) => {
    answered = resolve;
  });
  const socket = openConnection(port, answered, nextHost());
  await established(socket);
  socket.write('x');
  await answer;
  return socket;
}

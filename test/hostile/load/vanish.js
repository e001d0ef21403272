// @ts-check
/** Peers that connect and are gone before anybody has looked. */
import { connect } from 'node:net';
import { nextHost } from '../../bench/load/connection.js';
import { act } from './act.js';
import { established, open, repeat } from './crowd.js';

const PARALLEL = 50;

act({
  /** Connects and resets, ends or gives up before the handshake is through, in turn. */
  async vanish({ port, count }) {
    let connected = 0;
    await repeat(count, PARALLEL, async (index) => {
      if (index % 3 === 2) return giveUp(port);
      const socket = open(port);
      await established(socket);
      connected++;
      if (index % 3 === 0) socket.resetAndDestroy();
      else socket.destroy();
    });
    return connected;
  },
  /** Connects to a daemon that does not accept at the moment: all are in its backlog, and gone. */
  async fill({ port, count }) {
    const sockets = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const socket = open(port);
        await established(socket);
        if (index % 2 === 0) socket.write('e');
        return socket;
      }),
    );
    sockets.forEach((socket, index) => {
      if (index % 3 === 0) socket.destroy();
      else socket.resetAndDestroy();
    });
    return sockets.length;
  },
});

/** @param {number} port */
function giveUp(port) {
  const socket = connect({ port, host: nextHost() });
  socket.on('error', () => {});
  // The kernel has been told to connect by then, and may have done so.
  return new Promise((resolve) => setImmediate(() => resolve(socket.destroy())));
}

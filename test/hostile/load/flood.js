// @ts-check
/** Peers that send without pause, and connect again when they are thrown out. */
import { act } from './act.js';
import { established, open } from './crowd.js';

const CHUNK = Buffer.alloc(65_536, 'x');

act({
  /**
   * For `ms` milliseconds; until then, or until each has been thrown out `turns` times, if that takes longer.
   * @param {{ port: number, count: number, ms: number, turns: number, reads: boolean }} options
   */
  async flood({ port, count, ms, turns, reads }) {
    const end = performance.now() + ms;
    let connections = 0;
    let bytes = 0;
    const one = async () => {
      let left = turns;
      while (performance.now() < end || left > 0) {
        const socket = open(port);
        if (!reads) socket.pause();
        const closed = new Promise((resolve) => socket.once('close', resolve));
        await established(socket);
        connections++;
        const timer =
          left-- > 0 ? undefined : setTimeout(() => socket.resetAndDestroy(), end - performance.now());
        pour(socket);
        await closed;
        clearTimeout(timer);
        bytes += socket.bytesWritten;
      }
    };
    await Promise.all(Array.from({ length: count }, one));
    return { connections, bytes };
  },
  /** One more connection, with something to say. @param {{ port: number, text: string }} options */
  async say({ port, text }) {
    const socket = open(port);
    await established(socket);
    socket.end(text);
  },
});

/** @param {import('node:net').Socket} socket */
function pour(socket) {
  socket.once('drain', () => pour(socket));
  while (socket.writable && socket.write(CHUNK));
}

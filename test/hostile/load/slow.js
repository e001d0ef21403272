// @ts-check
/** Peers that send a line byte by byte, each a byte a period, and read what they get. */
import { act } from './act.js';
import { crowd, every, open } from './crowd.js';

/** How often some of the peers send their byte: evenly spread, as a thousand strangers are. */
const TICK_MS = 10;

act({
  /** @param {{ port: number, count: number, period: number, bytes: number }} options bytes of each, one in `period` ms */
  async dribble({ port, count, period, bytes }) {
    const sockets = await crowd(port, count);
    const each = Math.ceil((count * TICK_MS) / period);
    let next = 0;
    let sent = 0;
    await every((count * bytes) / each, TICK_MS, () => {
      for (let i = 0; i < each; i++, sent++) sockets[next++ % count]?.write('x');
    });
    return sent;
  },
  /** A line that is dribbled to its end. @param {{ port: number, line: string }} options */
  async line({ port, line }) {
    let received = '';
    const socket = open(port, (count, bytes) => {
      received += Buffer.from(bytes.buffer, bytes.byteOffset, count).toString('latin1');
    });
    for (const byte of line) {
      socket.write(byte);
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    while (!received.includes('\n')) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    socket.destroy();
    return received;
  },
});

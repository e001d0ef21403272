// @ts-check
/** Peers that never read: some write without reading, others only listen to nobody. */
import { act } from './act.js';
import { crowd, every, open } from './crowd.js';

act({
  /** Has a script send to all of them, by a byte on one more connection. */
  async broadcast({ port, count, period, times }) {
    await crowd(port, count, { reads: false });
    const sender = open(port);
    let sent = 0;
    await every(times, period, () => {
      sender.write('!');
      sent++;
    });
    return sent;
  },
  /** Each writes `size` bytes every `period`, however much comes back. */
  async write({ port, count, size, period, times }) {
    const sockets = await crowd(port, count, { reads: false });
    const message = Buffer.alloc(size, 'x');
    await every(times, period, () => {
      for (const socket of sockets) socket.write(message);
    });
    return sockets.filter((socket) => !socket.destroyed).length;
  },
});

// @ts-check
/**
 * One sender, many receivers: the next message leaves when everybody has got the last one. Counts deliveries.
 *
 * Options: port, receivers, size.
 */
import { established, openConnection } from './connection.js';
import { PingPong } from './ping-pong.js';
import { serve } from './serve.js';

const AT_A_TIME = 100;

serve(async ({ port, receivers, size }, latencies) => {
  const message = Buffer.alloc(size, 'x');
  let missing = 0;
  let since = 0;
  const receive = (/** @type {number} */ bytes) => {
    missing -= bytes;
    if (missing > 0) return;
    latencies.record(since);
    pingPong.again(member, receivers);
  };
  /** @type {import('node:net').Socket[]} */
  const sockets = [];
  while (sockets.length < receivers) {
    const some = Array.from({ length: AT_A_TIME }, () => openConnection(port, receive));
    await Promise.all(some.map(established));
    sockets.push(...some);
  }
  const sender = openConnection(port, () => {
    throw new Error('the sender has got something back');
  });
  await established(sender);
  const member = {
    send() {
      since = performance.now();
      missing = receivers * size;
      sender.write(message);
    },
  };
  const pingPong = new PingPong([member]);
  return {
    run: (/** @type {number} */ ms) => pingPong.run(ms),
    close() {
      for (const socket of [sender, ...sockets]) socket.destroy();
    },
  };
});

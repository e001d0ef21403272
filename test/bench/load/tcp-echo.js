// @ts-check
/**
 * Connections that each send a message, wait until `answer` bytes have come back, and send the next.
 *
 * Options: port, connections, text repeated to size bytes (without it messages are numbered), segments (pieces of a message, each a write of
 * its own), answer (bytes; default: as many as were sent), count (messages that one answer stands for).
 */
import { established, openConnection } from './connection.js';
import { PingPong } from './ping-pong.js';
import { serve } from './serve.js';

serve(async (options, latencies) => {
  const { port, connections, size, text, segments = 1, answer = size, count = 1 } = options;
  const piece = Buffer.alloc(size / segments, text ?? 'x');
  // No message is equal to the one before, as in life: Lua 5.1, which keeps equal strings once, would only compare them.
  // The number is at the end, which its hash never leaves out.
  const numbered = text === undefined && piece.length >= 4;
  let number = 0;
  const members = Array.from({ length: connections }, member);
  const pingPong = new PingPong(members);
  await Promise.all(members.map(({ socket }) => established(socket)));
  for (const { socket } of members) socket.on('close', () => lost());
  return {
    run: (/** @type {number} */ ms) => pingPong.run(ms),
    close() {
      for (const { socket } of members) socket.removeAllListeners('close').destroy();
    },
  };

  function member() {
    let received = 0;
    let since = 0;
    const socket = openConnection(port, (bytes) => {
      received += bytes;
      if (received < answer) return;
      received -= answer;
      latencies.record(since);
      pingPong.again(self, count);
    });
    const send = () => {
      since = performance.now();
      if (numbered) piece.writeUInt32BE(number++ % 2 ** 32, piece.length - 4);
      for (let i = 0; i < segments; i++) socket.write(piece);
    };
    const self = { socket, send };
    return self;
  }
});

function lost() {
  throw new Error('the server has closed a connection');
}

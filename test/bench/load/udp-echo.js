// @ts-check
/**
 * UDP sockets that each send a datagram, wait for the answer, and send the next. A lost one is sent again.
 *
 * Options: port, sockets, size.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { PingPong } from './ping-pong.js';
import { serve } from './serve.js';

const LOST_MS = 200;

serve(async ({ port, sockets, size }, latencies) => {
  const message = Buffer.alloc(size, 'x');
  const members = Array.from({ length: sockets }, member);
  const pingPong = new PingPong(members);
  for (const { socket } of members) {
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
  }
  const timer = setInterval(() => members.forEach(resend), LOST_MS);
  return {
    run: (/** @type {number} */ ms) => pingPong.run(ms),
    close() {
      clearInterval(timer);
      for (const { socket } of members) socket.close();
    },
  };

  function member() {
    const socket = createSocket('udp4');
    const self = { socket, since: 0, waiting: false, send };
    socket.on('message', () => {
      // An answer to what was taken for lost counts once.
      if (!self.waiting) return;
      self.waiting = false;
      latencies.record(self.since);
      pingPong.again(self);
    });
    return self;

    function send() {
      self.since = performance.now();
      self.waiting = true;
      socket.send(message);
    }
  }
});

/** @param {{ waiting: boolean, since: number, send(): void }} member */
function resend(member) {
  if (member.waiting && performance.now() - member.since > LOST_MS) member.send();
}

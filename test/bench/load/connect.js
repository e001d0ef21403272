// @ts-check
/**
 * Connects, sends, waits for the echo, closes; again and again, `parallel` at a time, or `perSecond` at a steady pace.
 * Counts connections whose echo came, and what went wrong with the others.
 *
 * Options: port, size, parallel or perSecond.
 */
import { nextHost, openConnection } from './connection.js';
import { PingPong } from './ping-pong.js';
import { serve } from './serve.js';

serve(async ({ port, size, parallel = 20, perSecond }, latencies) => {
  const message = Buffer.alloc(size, 'x');
  /** @type {Record<string, number>} */
  let failures = {};
  return { run: perSecond ? paced : busy, close() {} };

  /** @param {number} ms */
  async function busy(ms) {
    failures = {};
    const members = Array.from({ length: parallel }, () => {
      const self = {
        send: () =>
          once(
            () => pingPong.again(self, 1),
            () => pingPong.again(self, 0),
          ),
      };
      return self;
    });
    const pingPong = new PingPong(members);
    const { messages } = await pingPong.run(ms);
    return { messages, failures };
  }

  /** @param {number} ms @returns {Promise<{ messages: number, failures: Record<string, number> }>} */
  function paced(ms) {
    failures = {};
    const start = performance.now();
    let messages = 0;
    let open = 0;
    let sent = 0;
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        const now = performance.now() - start;
        if (now < ms) for (; sent < (now / 1000) * perSecond; sent++) begin();
        else if (open === 0) end();
      }, 1);
      const end = () => {
        clearInterval(timer);
        resolve({ messages, failures });
      };
      const begin = () => {
        open++;
        once(
          () => {
            messages++;
            open--;
          },
          () => {
            open--;
          },
        );
      };
    });
  }

  /** @param {() => void} done @param {() => void} failed */
  function once(done, failed) {
    const since = performance.now();
    let received = 0;
    let error = 'closed without an answer';
    const socket = openConnection(
      port,
      (bytes) => {
        received += bytes;
        if (received === size) socket.destroy();
      },
      nextHost(),
    );
    socket.once('connect', () => socket.write(message));
    socket.once('error', (/** @type {NodeJS.ErrnoException} */ { code = 'error' }) => {
      error = code;
    });
    socket.once('close', () => {
      if (received === size) {
        latencies.record(since);
        return done();
      }
      failures[error] = (failures[error] ?? 0) + 1;
      failed();
    });
  }
});

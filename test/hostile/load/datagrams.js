// @ts-check
/** Random datagrams: any size from nothing to the largest, any content. */
import { randomBytes, randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { getPriority, setPriority } from 'node:os';
import { act } from './act.js';

setPriority(Math.min(19, getPriority() + 5));

const LARGEST = 65_507;
/** Sent at a time; then the event loop turns, and answers are taken. */
const AT_A_TIME = 50;

const pool = randomBytes(1 << 20);

act({
  /**
   * Sends `count` of them to each port in turn.
   * @param {{ ports: number[], count: number }} options
   * @returns {Promise<{ sent: number, answers: number, wrong: number }>} wrong: answers that nobody has asked for
   */
  async scatter({ ports, count }) {
    const socket = createSocket('udp4');
    await new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(undefined)));
    const figures = { sent: 0, answers: 0, wrong: 0 };
    socket.on('message', (answer) => {
      figures.answers++;
      if (!isOurs(answer)) figures.wrong++;
    });
    while (figures.sent < count) {
      const some = Array.from({ length: AT_A_TIME }, () =>
        send(socket, datagram(), ports[figures.sent++ % ports.length] ?? 0),
      );
      await Promise.all(some);
      // What was sent at once calls back before the event loop turns.
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The last answers.
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.close();
    return figures;
  },
});

/** A part of the pool, which says where it begins if it is long enough; mostly short, as datagrams are. */
function datagram() {
  const dice = randomInt(1000);
  if (dice === 0) return Buffer.alloc(0);
  const size = dice === 1 ? LARGEST : randomInt(dice < 20 ? LARGEST : 1400);
  const at = randomInt(pool.length - LARGEST);
  const bytes = Buffer.from(pool.subarray(at, at + size));
  if (size >= 4) bytes.writeUInt32BE(at);
  return bytes;
}

/** @param {Buffer} answer */
function isOurs(answer) {
  if (answer.length < 4) return true;
  const at = answer.readUInt32BE();
  return answer.subarray(4).equals(pool.subarray(at + 4, at + answer.length));
}

/** @param {import('node:dgram').Socket} socket @param {Buffer} bytes @param {number} port @returns {Promise<void>} */
function send(socket, bytes, port) {
  return new Promise((resolve) => socket.send(bytes, port, '127.0.0.1', () => resolve()));
}

// @ts-check
/** Many connections at a time, which do not die of what happens to them, at a low priority. */
import { getPriority, setPriority } from 'node:os';
import { established, nextHost, openConnection } from '../../bench/load/connection.js';

// Real peers have processors of their own: these leave ours to the daemon.
setPriority(Math.min(19, getPriority() + 5));

export { established };

const AT_A_TIME = 50;

/** @typedef {import('node:net').Socket} Socket */

/**
 * @param {number} port
 * @param {(count: number, bytes: Uint8Array) => void} [onRead]
 */
export function open(port, onRead = () => {}) {
  const socket = openConnection(port, onRead, nextHost());
  socket.on('error', () => {});
  return socket;
}

/**
 * @param {number} port
 * @param {number} count
 * @param {{ reads?: boolean }} [options] without `reads` they never take what they are sent
 * @returns {Promise<Socket[]>}
 */
export async function crowd(port, count, { reads = true } = {}) {
  /** @type {Socket[]} */
  const sockets = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(AT_A_TIME, count - sockets.length) }, () => open(port));
    if (!reads) for (const socket of some) socket.pause();
    await Promise.all(some.map(established));
    sockets.push(...some);
  }
  return sockets;
}

/**
 * Calls `work` `times` times, every `ms` milliseconds: on a busy machine it takes longer, and is as much.
 * @param {number} times @param {number} ms @param {() => void} work @returns {Promise<void>}
 */
export function every(times, ms, work) {
  let left = times;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (left-- > 0) return work();
      clearInterval(timer);
      resolve();
    }, ms);
  });
}

/**
 * Runs `count` times `work`, `parallel` at a time.
 * @param {number} count @param {number} parallel @param {(index: number) => Promise<unknown>} work
 */
export async function repeat(count, parallel, work) {
  let next = 0;
  const one = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: parallel }, one));
}

// @ts-check
/**
 * A client connection that costs the generator as little as the public API allows: all read into one buffer
 * (`onread`), no 'data' event and no Buffer for a read.
 */
import { connect } from 'node:net';

/**
 * At the beginning of a page: the C library's large blocks lie 16 bytes behind one, which some processors copy to many
 * times more slowly. The generator would be the bottleneck with 64 KiB.
 */
const buffer = Buffer.from(new WebAssembly.Memory({ initial: 4 }).buffer);

/**
 * Loopback addresses to connect to, one after the other: each has its own ephemeral ports (28,000), which a closed
 * connection keeps for a minute. Only Linux answers on all of them.
 */
const HOSTS = process.platform === 'linux' ? 200 : 1;
let next = 0;

export function nextHost() {
  next = (next + 1) % HOSTS;
  return `127.0.0.${1 + next}`;
}

/**
 * @param {number} port
 * @param {(count: number, bytes: Uint8Array) => void} onRead `bytes` is valid during the call
 * @param {string} [host]
 */
export function openConnection(port, onRead, host = '127.0.0.1') {
  const callback = (/** @type {number} */ count, /** @type {Uint8Array} */ bytes) => {
    onRead(count, bytes);
    return true;
  };
  return connect({ port, host, noDelay: true, onread: { buffer, callback } });
}

/**
 * Resolves when it is established.
 * @param {import('node:net').Socket} socket
 * @returns {Promise<void>}
 */
export function established(socket) {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve();
    });
    socket.once('error', reject);
  });
}

// @ts-check
/** Peers that close one direction while data flows in both. */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { nextHost } from '../../bench/load/connection.js';
import { act } from './act.js';
import { repeat } from './crowd.js';

const PARALLEL = 20;

act({
  /**
   * Sends `size` bytes, then FIN at once, and takes what comes back; or goes on sending after the other side's FIN.
   * @returns {Promise<number>} connections on which exactly the right bytes came back
   */
  async exchange({ port, count, size, first }) {
    let right = 0;
    await repeat(count, PARALLEL, async (index) => {
      const bytes = Buffer.alloc(size, `${first}${index} `);
      const back = await talk(port, bytes);
      if (first === 'q' ? back.length === 0 : same(back, bytes)) right++;
    });
    return right;
  },
});

/** @param {number} port @param {Buffer} bytes @returns {Promise<Buffer>} what came until the other side's FIN */
function talk(port, bytes) {
  const socket = connect({ port, host: nextHost(), allowHalfOpen: true });
  /** @type {Buffer[]} */
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => chunks.push(Buffer.from('reset')));
  socket.end(bytes);
  return new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(chunks))));
}

/** @param {Buffer} a @param {Buffer} b */
function same(a, b) {
  const digest = (/** @type {Buffer} */ bytes) => createHash('sha1').update(bytes).digest('hex');
  return digest(a) === digest(b);
}

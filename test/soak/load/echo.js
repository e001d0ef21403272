// @ts-check
/**
 * TCP echo: what comes back is what was sent, byte for byte, in messages of any size and segmentation. Connections end
 * in every way; after a half-close everything must still come back.
 */
import { randomFillSync } from 'node:crypto';
import { integer, magnitude, pick } from '../harness/random.js';
import { Peer } from './peer.js';

const LARGEST = 1_048_576;
const MOST_MESSAGES = 12;
const MOST_SEGMENTS = 20;

/** Random bytes to take messages from: making fresh ones would be most of the load's work. */
const bytes = randomFillSync(Buffer.allocUnsafe(2 * LARGEST));

/** @type {import('../types.js').Activity} */
export const echo = {
  name: 'echo',
  workers: 4,
  pause: 60,
  worker: (work) => ({
    async round() {
      const peer = await Peer.open(work.ports['echo'] ?? 0);
      work.count('connections');
      const messages = integer(work.random, 1, MOST_MESSAGES);
      for (let i = 0; i < messages && !work.ending; i++) await message(peer, work);
      await endings[pick(work.random, /** @type {const} */ (['close', 'halfClose', 'reset']))](peer, work);
    },
  }),
};

const endings = {
  /** @param {Peer} peer */
  close(peer) {
    peer.close();
  },

  /** @param {Peer} peer @param {import('../types.js').Work} work */
  async halfClose(peer, work) {
    const sent = messageOf(work.random);
    write(peer, sent, work.random);
    peer.end();
    compare(await peer.rest(), sent);
    if (peer.error !== '') throw new Error(`after a half-close: ${peer.error}`);
    peer.close();
    work.count('half-closes');
  },

  /** In the middle of an echo. @param {Peer} peer @param {import('../types.js').Work} work */
  async reset(peer, work) {
    const sent = messageOf(work.random);
    write(peer, sent, work.random);
    await peer.bytes(integer(work.random, 0, sent.length));
    peer.reset();
    work.count('resets');
  },
};

/** @param {Peer} peer @param {import('../types.js').Work} work */
async function message(peer, work) {
  const sent = messageOf(work.random);
  const since = performance.now();
  write(peer, sent, work.random);
  compare(await peer.bytes(sent.length), sent);
  work.took(since);
  work.count('messages');
  work.count('bytes', sent.length);
}

/** @param {() => number} random */
function messageOf(random) {
  const size = magnitude(random, LARGEST);
  const start = integer(random, 0, bytes.length - size);
  return bytes.subarray(start, start + size);
}

/** @param {Peer} peer @param {Buffer} sent @param {() => number} random */
function write(peer, sent, random) {
  const cuts = Array.from({ length: integer(random, 0, MOST_SEGMENTS) }, () =>
    integer(random, 0, sent.length),
  );
  let start = 0;
  for (const end of [...cuts.sort((a, b) => a - b), sent.length]) {
    if (end > start) peer.write(sent.subarray(start, end));
    start = end;
  }
}

/** @param {Buffer} received @param {Buffer} sent */
function compare(received, sent) {
  if (received.equals(sent)) return;
  const at = received.findIndex((byte, i) => byte !== sent[i]);
  throw new Error(`${received.length} of ${sent.length} bytes came back, the first wrong one is ${at}`);
}

// @ts-check
/**
 * Sockets of an application that nothing in it refers to: they stay open and answer, through collections of garbage,
 * until this side ends them.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { integer } from '../harness/random.js';
import { PATIENCE_MS, Peer, pause } from './peer.js';

const TCP_SOCKETS = 5;
const UDP_SOCKETS = 3;
const MOST_MESSAGES = 10;
const MOST_PAUSE_MS = 100;

/** @type {import('../types.js').Activity} */
export const orphans = {
  name: 'orphans',
  workers: 1,
  pause: 300,
  worker: (work) => ({
    async round() {
      const peer = await Peer.open(work.ports['orphans'] ?? 0);
      await Promise.all([tcp(peer, work), udp(peer, work)]);
      peer.close();
    },
  }),
};

/** @param {Peer} peer @param {import('../types.js').Work} work */
async function tcp(peer, work) {
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  /** @type {Promise<void>[]} */
  const talks = [];
  const dialled = soon(
    new Promise((resolve) => {
      server.on('connection', (socket) => {
        talks.push(talk(socket, work));
        if (talks.length === TCP_SOCKETS) resolve(undefined);
      });
    }),
    'a socket without references did not connect',
  );
  for (let i = 0; i < TCP_SOCKETS; i++) {
    peer.write(`tcp ${port}\n`);
    await pause(5);
  }
  await dialled;
  await Promise.all(talks);
  server.close();
}

/** @param {import('node:net').Socket} socket @param {import('../types.js').Work} work */
async function talk(socket, work) {
  const ended = once(socket, 'close').then(
    () => 'its end',
    (error) => String(error),
  );
  const messages = integer(work.random, 1, MOST_MESSAGES);
  for (let i = 0; i < messages && !work.ending; i++) {
    socket.write(`message ${i}`);
    const answer = new Promise((resolve) => socket.once('data', (data) => resolve(String(data))));
    const came = await soon(Promise.race([answer, ended]), 'a socket without references did not answer');
    if (came !== `message ${i}`) throw new Error(`message ${i} was answered by ${came}`);
    work.count('messages');
    await pause(integer(work.random, 0, MOST_PAUSE_MS));
  }
  socket.end();
  await soon(ended, 'a socket without references did not close');
  work.count('TCP sockets');
}

/** @param {Peer} peer @param {import('../types.js').Work} work */
async function udp(peer, work) {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  try {
    for (let i = 0; i < UDP_SOCKETS; i++) {
      peer.write(`udp ${socket.address().port}\n`);
      const [, { port }] = await soon(once(socket, 'message'), 'no hello came');
      for (let j = 0; j < 3; j++) {
        await pause(integer(work.random, 0, MOST_PAUSE_MS));
        socket.send(`message ${j}`, port, '127.0.0.1');
        const [data] = await soon(once(socket, 'message'), 'a UDP socket without references did not answer');
        if (String(data) !== `message ${j}`) throw new Error(`message ${j} was answered by ${data}`);
      }
      await new Promise((resolve) => socket.send('end', port, '127.0.0.1', resolve));
      work.count('UDP sockets');
    }
  } finally {
    socket.close();
  }
}

/** @template T @param {Promise<T>} promise @param {string} otherwise @returns {Promise<T>} */
async function soon(promise, otherwise) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${otherwise} within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  });
  try {
    return /** @type {T} */ (await Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
}

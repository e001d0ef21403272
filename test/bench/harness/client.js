// @ts-check
/**
 * A few questions to a server, where no load generator is needed.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

/** True when something listens. @param {number} port @returns {Promise<boolean>} */
export function answersTcp(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** True when a datagram comes back within 20 ms. @param {number} port @returns {Promise<boolean>} */
export function answersUdp(port) {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    const end = (/** @type {boolean} */ answered) => {
      clearTimeout(timer);
      socket.close();
      resolve(answered);
    };
    const timer = setTimeout(() => end(false), 20);
    socket.once('message', () => end(true));
    socket.on('error', () => {});
    socket.send('?', port, '127.0.0.1');
  });
}

/**
 * Sends a line on a connection of its own and resolves with the line that comes back.
 * @param {number} port
 * @param {string} line without its end
 * @returns {Promise<string>}
 */
export function ask(port, line) {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(`${line}\n`));
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after "${received}"`)));
    socket.on('data', (text) => {
      received += text;
      if (!received.endsWith('\n')) return;
      resolve(received.slice(0, -1));
      socket.destroy();
    });
  });
}

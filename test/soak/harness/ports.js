// @ts-check
/**
 * Free ports that no outgoing connection takes: an application that is deleted and comes back, and a server that is
 * gone for a while, must find theirs again.
 */
import { createServer } from 'node:net';

/** Below what systems choose from by themselves. */
const FIRST = 12_000;
const LAST = 30_000;

/** @param {readonly string[]} names @returns {Promise<Record<string, number>>} */
export async function freePorts(names) {
  /** @type {Record<string, number>} */
  const ports = {};
  let port = FIRST + Math.floor(Math.random() * (LAST - FIRST - 1000));
  for (const name of names) {
    while (!(await isFree(port))) port++;
    ports[name] = port++;
  }
  return ports;
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

/** The contract with Node's inside: on every version that is known, it is found as it is described. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import {
  datagramHandle,
  findDatagrams,
  findStreams,
  isKnownNode,
  listeningHandle,
} from '../../src/net/native.js';

test('this version of Node is known, and all that is used of its inside is found', async () => {
  expect(isKnownNode()).toBe(true);
  expect(findStreams()).toBeDefined();
  expect(findDatagrams()).toBeDefined();
  const server = createServer().listen(0);
  const socket = createSocket('udp4').bind(0);
  await Promise.all([once(server, 'listening'), once(socket, 'listening')]);
  expect(listeningHandle(server)).toBeDefined();
  expect(datagramHandle(socket)).toBeDefined();
  server.close();
  socket.close();
});

test('a server and a socket that have no handle give none', () => {
  expect(listeningHandle(createServer())).toBeUndefined();
  const socket = createSocket('udp4');
  expect(datagramHandle(socket)).toBeUndefined();
  socket.close();
});

test.each(['18.20.0', '21.0.0', '23.1.0', '28.0.0'])('Node %s is not known', (version) => {
  expect(isKnownNode(version)).toBe(false);
});

// @ts-check
// Collects a message of 1 MiB by concatenation, then answers one byte.
import { createServer } from 'node:net';

const SIZE = 1_048_576;
createServer({ noDelay: true }, (socket) => {
  let message = Buffer.alloc(0);
  socket.on('data', (data) => {
    message = Buffer.concat([message, data]);
    if (message.length < SIZE) return;
    message = message.subarray(SIZE);
    socket.write('.');
  });
  socket.on('error', () => {});
}).listen(Number(process.argv[2]));

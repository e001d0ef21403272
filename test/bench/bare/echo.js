// @ts-check
// What a Node programmer writes for a TCP echo.
import { createServer } from 'node:net';

createServer({ noDelay: true }, (socket) => {
  socket.on('data', (data) => socket.write(data));
  socket.on('error', () => {});
}).listen(Number(process.argv[2]));

// @ts-check
// Whatever one connection sends goes to all the others.
import { createServer } from 'node:net';

const sockets = new Set();
createServer({ noDelay: true }, (socket) => {
  sockets.add(socket);
  socket.on('data', (data) => {
    for (const other of sockets) if (other !== socket) other.write(data);
  });
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => {});
}).listen(Number(process.argv[2]));

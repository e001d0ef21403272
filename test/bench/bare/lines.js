// @ts-check
// Request lines, each answered by a write of its own.
import { createServer } from 'node:net';

createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) socket.write(`${line}\n`, 'latin1');
  });
  socket.on('error', () => {});
}).listen(Number(process.argv[2]));

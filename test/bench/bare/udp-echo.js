// @ts-check
// What a Node programmer writes for a UDP echo.
import { createSocket } from 'node:dgram';

const socket = createSocket('udp4');
socket.on('message', (data, { address, port }) => socket.send(data, port, address));
socket.bind(Number(process.argv[2]));

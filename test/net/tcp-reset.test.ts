/** Resets at moments at which this side does not look: the kernel knows more than the script has been told. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { Bench, type Recorder } from './sockets.js';

const closing = closeAfterEach();

/** Both ends in one process could not do something while the other one is blocked. */
class RemotePeer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;

  constructor(script: string) {
    this.#child = spawn(process.execPath, ['-e', `const net = require('net'); ${script}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  }

  /** Resolves with the next line that the script prints. */
  async line(): Promise<string> {
    const [text] = await once(this.#child.stdout, 'data');
    return String(text).trim();
  }

  go(): void {
    this.#child.stdin.write('go\n');
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'close');
  }
}

async function listening() {
  const { server, next } = closing(new Bench()).server();
  const port = await freePort();
  server.start(port, () => {});
  return { server, next, port };
}

/** Blocks this process, and gives the other one the time to do what it was told. */
function block(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
}

const TALK_AND_RESET = `
  process.stdin.once('data', () => socket.write('last words', () => socket.resetAndDestroy()));
`;

test('a client that is reset after its last words still has addresses when they are delivered', async () => {
  const peer = closing(
    new RemotePeer(`
      const server = net.createServer((socket) => { ${TALK_AND_RESET} socket.write('hello, ') });
      server.listen(0, '127.0.0.1', () => console.log(server.address().port));
    `),
  );
  const recorder = closing(new Bench()).client();
  const port = Number(await peer.line());
  recorder.client.connect('127.0.0.1', port);
  await recorder.untilReceived('hello, '.length);
  const addresses: unknown[] = [];
  recorder.keep = () => {
    addresses.push(recorder.client.peerAddress, typeof recorder.client.address);
    return 0;
  };
  peer.go();
  block();
  await recorder.until('disconnected: connection reset by peer');
  expect(recorder.text).toBe('hello, last words');
  expect(addresses).toEqual([`127.0.0.1:${port}`, 'string']);
});

test.each([
  ['who only listens', () => {}],
  ['who answers the last words', (recorder: Recorder) => void recorder.client.send(Buffer.from('what?'))],
] as const)('a reset right behind the last words is told as one to a server, %s', async (_, answer) => {
  const { next, port } = await listening();
  const peer = closing(
    new RemotePeer(`
      const socket = net.connect(${port}, '127.0.0.1', () => { ${TALK_AND_RESET} console.log('up') });
      socket.on('error', () => {});
    `),
  );
  await peer.line();
  const recorder = await next();
  recorder.keep = () => {
    answer(recorder);
    return 0;
  };
  peer.go();
  block();
  await recorder.until('disconnected: connection reset by peer');
  expect(recorder.text).toBe('last words');
});

test('a connection that was reset before it was accepted is nobody to talk to', async () => {
  const { server, next, port } = await listening();
  const peer = closing(
    new RemotePeer(`
      process.stdin.once('data', () => {
        const socket = net.connect(${port}, '127.0.0.1', () => {
          socket.write('x', () => { socket.resetAndDestroy(); console.log('reset') });
        });
      });
      console.log('up');
    `),
  );
  await peer.line();
  peer.go();
  block();
  const second = closing(await Peer.connect(port));
  const accepted = await next();
  expect(accepted.client.peerAddress).toBe(`127.0.0.1:${second.socket.localPort}`);
  expect(server.connections).toBe(1);
});

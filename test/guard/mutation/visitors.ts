/**
 * Peers that talk to an application as if it were any of the programs: connections and datagrams with commands,
 * requests, nonsense; ended and reset. What comes
 * back is not looked at.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';

/** Each is sent as one piece. */
const PIECES = [
  'ann\r\nNAME ann\r\nJOIN red\r\nREADY\r\nSAY hello\r\nSET lamp on\nGET lamp\nLI',
  'ST\nROOMS\r\nGUESS 50\r\nSCORES\r\ntime\nsha256 abc\namf a b c\nban 127.0.0.9\npardon 127.0.0.9\n',
  'SUBSCRIBE a@localhost\nPOST ann A title\nSTATE\nSEND\na@localhost Hello there\n',
  'GET /status HTTP/1.1\r\n\r\nPOST /echo?a=1 HTTP/1.1\r\nContent-Length: 5\r\n\r\nb=%41GET / HTTP/1.0\r\n\r\n',
  `\0\x01\xff\n${'x'.repeat(3000)}\nQUIT\n`,
];
const DATAGRAMS = ['a:1|c\nb:2.5|g', '?a', 'hello', '!flush', '!day 2012 2 29', ''];

export class Visitors {
  #sockets: Socket[] = [];
  readonly #udp: UdpSocket;
  readonly #ports: readonly number[];

  /** @param ports where something may listen, or not */
  constructor(ports: readonly number[]) {
    this.#ports = ports;
    this.#udp = createSocket('udp4').on('error', () => {});
  }

  /** Two connections to each port, one of which never reads. Resolves when each stands or has failed. */
  async arrive(): Promise<void> {
    await Promise.all(this.#ports.flatMap((port) => [this.#connect(port, true), this.#connect(port, false)]));
  }

  /** @param step from 0 on; @returns false when there is nothing more to be said */
  speak(step: number): boolean {
    const piece = PIECES[step];
    const datagram = DATAGRAMS[step];
    if (piece !== undefined) for (const socket of this.#sockets) socket.write(piece, 'latin1');
    if (datagram !== undefined) for (const port of this.#ports) this.#udp.send(datagram, port, '127.0.0.1');
    return piece !== undefined || datagram !== undefined;
  }

  /** Those who listen say goodbye; the others go, which is a reset when they have not read everything. */
  leave(): void {
    for (const socket of this.#sockets) {
      if (socket.isPaused()) socket.destroy();
      else socket.end();
    }
  }

  /** Resolves when all are gone. */
  async close(): Promise<void> {
    const sockets = this.#sockets;
    this.#sockets = [];
    await Promise.all(
      sockets.map((socket) => {
        const closed = new Promise((resolve) => (socket.closed ? resolve(0) : socket.once('close', resolve)));
        socket.destroy();
        return closed;
      }),
    );
    await new Promise<void>((resolve) => this.#udp.close(resolve));
  }

  #connect(port: number, reads: boolean): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    if (reads) socket.resume();
    else socket.pause();
    return new Promise((resolve) => {
      socket.on('error', () => resolve());
      socket.once('connect', () => {
        this.#sockets.push(socket);
        resolve();
      });
    });
  }
}

/** A UDP peer for tests: a real socket whose datagrams can be waited for. */
import { createSocket, type Socket } from 'node:dgram';
import { Changes } from './changes.js';

export interface Received {
  readonly bytes: Buffer;
  readonly host: string;
  readonly port: number;
}

export class UdpPeer {
  readonly port: number;
  readonly received: Received[] = [];
  readonly #socket: Socket;
  readonly #changes = new Changes();
  #taken = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (bytes, from) => {
      this.received.push({ bytes, host: from.address, port: from.port });
      this.#changes.note();
    });
  }

  static async bind(host = '127.0.0.1', port = 0): Promise<UdpPeer> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, host, resolve);
    });
    return new UdpPeer(socket);
  }

  /** Resolves when the kernel has taken it. */
  send(data: string | Uint8Array, port: number, host = '127.0.0.1'): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#socket.send(data, port, host, (error) => (error ? reject(error) : resolve())),
    );
  }

  /** Resolves with the next datagram. */
  async next(): Promise<Received> {
    const index = this.#taken++;
    await this.#changes.until(() => this.received.length > index);
    return this.received[index] as Received;
  }

  async nextText(): Promise<string> {
    return (await this.next()).bytes.toString();
  }

  close(): void {
    this.#socket.close();
  }
}

/** TCP peers for tests: real sockets whose bytes and end can be waited for. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Changes } from './changes.js';

export class Peer {
  readonly socket: Socket;
  /** True when the other side has sent FIN. */
  ended = false;
  /** True when the connection is gone, also by a reset. */
  closed = false;
  error: Error | undefined;
  #chunks: Buffer[] = [];
  #length = 0;
  readonly #changes = new Changes();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#changes.note();
    });
    socket.on('end', () => {
      this.ended = true;
      this.#changes.note();
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => {
      this.closed = true;
      this.#changes.note();
    });
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<Peer> {
    const socket = connect({ port, host, allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Peer(socket);
  }

  get received(): Buffer {
    const received = this.#chunks.length === 1 ? this.#chunks[0] : undefined;
    if (received) return received;
    const joined = Buffer.concat(this.#chunks, this.#length);
    this.#chunks = [joined];
    return joined;
  }

  send(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** Resolves with the first `count` bytes, which are taken out. */
  async read(count: number): Promise<Buffer> {
    await this.#changes.until(() => this.#length >= count || this.ended || this.closed);
    if (this.#length < count) throw new Error(`ended after ${this.#length} of ${count} bytes`);
    const { received } = this;
    this.#chunks = [received.subarray(count)];
    this.#length -= count;
    return received.subarray(0, count);
  }

  /** Resolves with the text up to `end`, which is taken out. */
  async readUntil(end = '\n'): Promise<string> {
    await this.#changes.until(() => this.received.includes(end) || this.ended || this.closed);
    const at = this.received.indexOf(end);
    if (at < 0) throw new Error(`ended without ${JSON.stringify(end)}: ${this.received}`);
    return (await this.read(at + end.length)).toString();
  }

  /** Resolves with everything up to the other side's FIN. */
  async readAll(): Promise<Buffer> {
    await this.#changes.until(() => this.ended || this.closed);
    return this.received;
  }

  /** Sends FIN and goes on reading. */
  end(): void {
    this.socket.end();
  }

  /** Sends RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Listens on a free port and hands out what connects. */
export class PeerServer {
  readonly port: number;
  readonly #server: Server;
  readonly #peers: Peer[] = [];
  #handedOut = 0;
  readonly #changes = new Changes();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      this.#peers.push(new Peer(socket));
      this.#changes.note();
    });
  }

  static async listen(host = '127.0.0.1', port = 0): Promise<PeerServer> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return new PeerServer(server);
  }

  /** Resolves with the next connection. */
  async next(): Promise<Peer> {
    const index = this.#handedOut++;
    await this.#changes.until(() => this.#peers.length > index);
    return this.#peers[index] as Peer;
  }

  /** Closes the port and all connections. */
  async close(): Promise<void> {
    for (const peer of this.#peers) peer.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

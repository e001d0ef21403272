/** A TCP peer for tests: a real socket whose bytes and end can be waited for. */
import { connect, type Socket } from 'node:net';

export class Peer {
  readonly socket: Socket;
  /** True when the other side has sent FIN. */
  ended = false;
  /** True when the connection is gone, also by a reset. */
  closed = false;
  error: Error | undefined;
  #chunks: Buffer[] = [];
  #length = 0;
  #waiting: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    socket.on('end', () => {
      this.ended = true;
      this.#wake();
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
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
    await this.#until(() => this.#length >= count || this.ended || this.closed);
    if (this.#length < count) throw new Error(`ended after ${this.#length} of ${count} bytes`);
    const { received } = this;
    this.#chunks = [received.subarray(count)];
    this.#length -= count;
    return received.subarray(0, count);
  }

  /** Resolves with the text up to `end`, which is taken out. */
  async readUntil(end = '\n'): Promise<string> {
    await this.#until(() => this.received.includes(end) || this.ended || this.closed);
    const at = this.received.indexOf(end);
    if (at < 0) throw new Error(`ended without ${JSON.stringify(end)}: ${this.received}`);
    return (await this.read(at + end.length)).toString();
  }

  /** Resolves with everything up to the other side's FIN. */
  async readAll(): Promise<Buffer> {
    await this.#until(() => this.ended || this.closed);
    return this.received;
  }

  close(): void {
    this.socket.destroy();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

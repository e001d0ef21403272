/** Clients and sockets as an application would own them, with what they were told; closed together. */
import type { Sender } from '../../src/net/address-book.js';
import type { Connection, Unread } from '../../src/net/connection.js';
import { Network, type NetworkLimits } from '../../src/net/network.js';
import { TcpClient, type TcpHandler } from '../../src/net/tcp-client.js';
import { TcpServer, type TcpServerHandler } from '../../src/net/tcp-server.js';
import { UdpSocket } from '../../src/net/udp-socket.js';
import { Changes } from '../support/changes.js';
import { receiveUnread } from '../support/unread.js';

export const LIMITS: NetworkLimits = {
  receiveLimit: 1 << 24,
  sendLimit: 1 << 26,
  totalLimit: 1 << 30,
  connectTimeout: 30,
  idleTimeout: 0,
};

/** False: accepted connections and datagrams by Node's public API alone, as where its inside is not as it is known. */
export const ALLOW_PRIVATE = process.env['CUMULUS_TEST_NODE'] !== 'public';

/** Owns what a test opens. */
export class Bench {
  readonly network: Network;
  readonly clients: Recorder[] = [];
  readonly #close: (() => void)[] = [];

  constructor(limits: Partial<NetworkLimits> = {}) {
    this.network = new Network({ ...LIMITS, ...limits }, ALLOW_PRIVATE);
  }

  client(): Recorder {
    const recorder = new Recorder(this.network);
    this.#keep(recorder);
    return recorder;
  }

  /** A server whose connections get a recorder each. */
  server(handler: Partial<TcpServerHandler> = {}): { server: TcpServer; next(): Promise<Recorder> } {
    const accepted: Recorder[] = [];
    const changes = new Changes();
    const server = new TcpServer(this.network, {
      onConnection: (connection) => {
        const recorder = new Recorder(this.network, connection);
        this.#keep(recorder);
        accepted.push(recorder);
        changes.note();
      },
      onDropped: () => {},
      onError: () => {},
      ...handler,
    });
    this.#close.push(() => server.stop());
    let taken = 0;
    const next = async () => {
      const index = taken++;
      await changes.until(() => accepted.length > index);
      return accepted[index] as Recorder;
    };
    return { server, next };
  }

  udp(broadcast = false): UdpRecorder {
    const recorder = new UdpRecorder(this.network, broadcast);
    this.#close.push(() => recorder.socket.close());
    return recorder;
  }

  async close(): Promise<void> {
    for (const close of this.#close) close();
    await this.network.close(0);
  }

  #keep(recorder: Recorder): void {
    this.clients.push(recorder);
    this.#close.push(() => recorder.client.abandon());
  }
}

/** A handler that writes down what it is told, and does what the test wants. */
export class Recorder implements TcpHandler {
  readonly client: TcpClient;
  /** "disconnected", "disconnected: reason", "data", "drained". */
  readonly events: string[] = [];
  readonly received: Buffer[] = [];
  keep: (bytes: Buffer) => number = () => 0;
  disconnected: () => void = () => {};
  /** What there was to be room for when it was offered to read, and whether it does not. */
  readonly rooms: number[] = [];
  declines = false;
  readonly changes = new Changes();

  /** @param connection what a server has accepted */
  constructor(network: Network, connection?: Connection) {
    this.client = connection ? TcpClient.accepted(network, this, connection) : new TcpClient(network, this);
  }

  get text(): string {
    return Buffer.concat(this.received).toString();
  }

  onUnread(unread: Unread): Buffer {
    this.rooms.push(unread.room);
    return this.declines ? Buffer.alloc(0) : receiveUnread(unread, (bytes) => this.onReception(bytes));
  }

  onReception(bytes: Buffer): number {
    this.events.push('data');
    this.received.push(Buffer.from(bytes));
    const kept = this.keep(bytes);
    this.changes.note();
    return kept;
  }

  onDisconnection(): void {
    const { error } = this.client;
    this.events.push(error === undefined ? 'disconnected' : `disconnected: ${error}`);
    this.disconnected();
    this.changes.note();
  }

  onDrain(): void {
    this.events.push('drained');
    this.changes.note();
  }

  /** Resolves when the event has come, or has come already. */
  async until(event: string): Promise<void> {
    await this.changes.until(() => this.events.some((one) => one === event || one.startsWith(`${event}:`)));
  }

  async untilReceived(count: number): Promise<Buffer> {
    await this.changes.until(() => Buffer.concat(this.received).length >= count);
    return Buffer.concat(this.received);
  }
}

export class UdpRecorder {
  readonly socket: UdpSocket;
  readonly received: { bytes: Buffer; address: string }[] = [];
  readonly errors: string[] = [];
  /** What the test wants to be done with each. */
  onReceived: () => void = () => {};
  readonly changes = new Changes();
  #taken = 0;

  constructor(network: Network, broadcast: boolean) {
    const onReception = (bytes: Buffer, { text }: Sender) => {
      this.received.push({ bytes, address: text });
      this.onReceived();
      this.changes.note();
    };
    const onError = (reason: string) => {
      this.errors.push(reason);
      this.changes.note();
    };
    this.socket = new UdpSocket(
      network,
      { onReception, onError, onConnectFailed: onError, onDropped: () => {} },
      broadcast,
    );
  }

  async next(): Promise<{ bytes: Buffer; address: string }> {
    const index = this.#taken++;
    await this.changes.until(() => this.received.length > index);
    return this.received[index] as { bytes: Buffer; address: string };
  }

  async nextError(): Promise<string> {
    await this.changes.until(() => this.errors.length > 0);
    return this.errors.shift() as string;
  }

  /** The port that the system chose. */
  get port(): number {
    return Number(this.socket.address?.split(':').at(-1));
  }
}

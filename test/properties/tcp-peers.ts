/**
 * The other sides of the connections of a property: what listens, what connects, and what each has sent.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Peer } from '../support/tcp.js';
import { HEADER, type PeerRecord } from './tcp-subject.js';

export type PeerVerb = 'send' | 'end' | 'reset' | 'close' | 'pause' | 'resume';

const LATE_MS = 3000;

export class Peers {
  readonly records: PeerRecord[] = [];
  readonly port: number;
  readonly #server: Server;
  readonly #connecting = new Set<Promise<void>>();
  #ending = false;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#add(new Peer(socket)));
  }

  static async listen(): Promise<Peers> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Peers(server);
  }

  /** Connects to `port`, if something listens there. */
  connect(port: number): void {
    const connected = Peer.connect(port).then(
      (peer) => this.#add(peer),
      () => {},
    );
    this.#connecting.add(connected);
    void connected.finally(() => this.#connecting.delete(connected));
  }

  perform(who: number, verb: PeerVerb, size: number): void {
    const record = this.records[who % this.records.length];
    if (!record) return;
    const { socket } = record.peer;
    if (verb === 'reset' || verb === 'close') {
      record.gone = true;
      // Node cannot reset what is about to send FIN.
      if (socket.writableEnded) record.peer.close();
      else record.peer[verb]();
    } else if (verb !== 'send') socket[verb]();
    else if (socket.writable) {
      const bytes = Buffer.alloc(size, 65 + (record.sent.length % 26));
      record.sent.push(bytes);
      socket.write(bytes);
    }
  }

  /**
   * Each peer reads what is there and ends. Resolves when `done` and every connection is over.
   * @returns what is not over after a time in which all else has long been
   */
  async finish(done: () => boolean): Promise<string[]> {
    this.#ending = true;
    for (const { peer } of this.records) this.#end(peer.socket);
    const late = performance.now() + LATE_MS;
    const over = () => done() && this.#connecting.size === 0 && this.records.every(({ peer }) => peer.closed);
    while (!over() && performance.now() < late) await new Promise((resolve) => setTimeout(resolve, 1));
    const problems = done() ? [] : ['a connection is not over here'];
    const open = this.records.filter(({ peer }) => !peer.closed);
    for (const { peer } of open) peer.close();
    await new Promise((resolve) => this.#server.close(resolve));
    return [
      ...problems,
      ...open.map(({ peer }) => `a peer is not over, ${peer.ended ? 'though' : 'and not'} ended`),
    ];
  }

  /** The peers by the number of their connection, of those that were told it. */
  byId(): Map<number, PeerRecord> {
    const told = this.records.filter(wasTold);
    return new Map(
      told.map((record) => [Number(record.peer.received.toString('latin1', 0, HEADER)), record]),
    );
  }

  /** True when one has gone before it was told its number. */
  get lost(): boolean {
    return this.records.some((record) => record.gone && !wasTold(record));
  }

  #add(peer: Peer): void {
    this.records.push({ peer, sent: [], gone: false });
    if (this.#ending) this.#end(peer.socket);
  }

  #end(socket: Socket): void {
    socket.resume();
    socket.end();
  }
}

function wasTold({ peer }: PeerRecord): boolean {
  return peer.received.length >= HEADER;
}

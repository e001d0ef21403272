/**
 * A TcpClient under test, together with what must hold for each of its connections.
 *
 * A connection, an Epoch here, is found at the other side by the eight digits that are sent first. What a property
 * asks to be done "inside" waits in a queue until the next event calls, and is done within it.
 */
import type { Connection, Unread } from '../../src/net/connection.js';
import type { Network } from '../../src/net/network.js';
import { TcpClient, type TcpHandler } from '../../src/net/tcp-client.js';
import type { Peer } from '../support/tcp.js';
import { receiveUnread } from '../support/unread.js';

export type Verb = 'connect' | 'refused' | 'bad' | 'send' | 'disconnect' | 'pause' | 'resume';

export interface Action {
  readonly verb: Verb;
  /** Bytes, for `send`. */
  readonly size: number;
}

export const HEADER = 8;

/** One connection as the test has seen it. */
export class Epoch {
  readonly id: number;
  /** Everything that `send` has taken. */
  readonly accepted: Buffer[] = [];
  /** Everything that `onReception` was given. */
  readonly delivered: Buffer[] = [];
  disconnections = 0;
  /** The client has ended it before anything was heard from the peer. */
  endedHere = false;
  refused = false;
  /** Replaced by an outer `connect` while it was made within an event: it ends without one. */
  silent = false;

  constructor(id: number) {
    this.id = id;
  }
}

export interface World {
  readonly network: Network;
  /** Where `connect` goes. */
  readonly port: number;
  /** Where nobody listens. */
  readonly closedPort: number;
  readonly epochs: Epoch[];
  /** What went wrong, for the test to throw. */
  readonly problems: string[];
}

export class Subject implements TcpHandler {
  readonly client: TcpClient;
  /** What is done in the next events: each a turn's worth of actions. */
  readonly inside: (readonly Action[])[] = [];
  readonly #world: World;
  #epoch: Epoch | undefined;
  #depth = 0;

  /** @param connection an accepted one */
  constructor(world: World, connection?: Connection) {
    this.#world = world;
    if (!connection) {
      this.client = new TcpClient(world.network, this);
      return;
    }
    this.client = TcpClient.accepted(world.network, this, connection);
    world.network.turn.enter();
    this.#begin();
    world.network.turn.leave();
  }

  /** As a script would: within a turn, at whose end what was sent leaves. */
  perform(actions: readonly Action[]): void {
    const { turn } = this.#world.network;
    turn.enter();
    for (const action of actions) {
      this.#perform(action);
      this.#compare(`after ${action.verb}`);
    }
    turn.leave();
  }

  onReception(bytes: Buffer): number {
    if (!this.#epoch) this.#problem('onReception without a connection');
    this.#epoch?.delivered.push(Buffer.from(bytes));
    this.#event('onReception');
    return 0;
  }

  onUnread(unread: Unread): Buffer {
    return receiveUnread(unread, (bytes) => this.onReception(bytes));
  }

  onDisconnection(): void {
    const epoch = this.#epoch;
    this.#epoch = undefined;
    if (!epoch) this.#problem('onDisconnection without a connection');
    else epoch.disconnections++;
    const { address, peerAddress, pending } = this.client;
    if (address !== undefined || peerAddress !== undefined || pending !== 0)
      this.#problem(`in onDisconnection: ${address}, ${peerAddress}, ${pending} bytes pending`);
    this.#event('onDisconnection');
  }

  onDrain(): void {
    if (!this.#epoch) this.#problem('onDrain without a connection');
    if (this.client.pending !== 0) this.#problem(`onDrain with ${this.client.pending} bytes pending`);
    this.#event('onDrain');
  }

  #event(name: string): void {
    this.#compare(`in ${name}`);
    const actions = this.inside.shift();
    // An action within an event may cause the next event at once; some levels are as good as all.
    if (!actions || this.#depth > 5) return;
    this.#depth++;
    this.perform(actions);
    this.#depth--;
  }

  #perform({ verb, size }: Action): void {
    const { port, closedPort } = this.#world;
    if (verb === 'connect') this.#connect('127.0.0.1', port);
    else if (verb === 'refused') this.#connect('127.0.0.1', closedPort);
    else if (verb === 'bad') this.#connect('not a host', port);
    else if (verb === 'send') this.#send(Buffer.alloc(size, (this.#world.epochs.length % 26) + 97));
    else if (verb === 'disconnect') this.#disconnect();
    else this.client[verb]();
  }

  #connect(host: string, port: number): void {
    this.#endingHere();
    const error = this.client.connect(host, port);
    if (this.#epoch) this.#epoch.silent = true;
    this.#epoch = undefined;
    if ((error === undefined) !== (host === '127.0.0.1')) this.#problem(`connect to ${host}: ${error}`);
    if (error === undefined) this.#begin(port === this.#world.closedPort);
    else if (this.client.error !== error) this.#problem(`error is ${this.client.error}, not ${error}`);
  }

  #begin(refused = false): void {
    const epoch = new Epoch(this.#world.epochs.length);
    epoch.refused = refused;
    this.#world.epochs.push(epoch);
    this.#epoch = epoch;
    this.#send(Buffer.from(String(epoch.id).padStart(HEADER, '0')));
  }

  #send(bytes: Buffer): void {
    const epoch = this.#epoch;
    const error = this.client.send(bytes);
    if (error === undefined) epoch?.accepted.push(Buffer.from(bytes));
    // What was given may change as soon as it was taken.
    bytes.fill(0);
    const wanted = epoch ? undefined : 'TCPClient not connected';
    if (error !== wanted) this.#problem(`send: ${error}, not ${wanted}`);
  }

  #disconnect(): void {
    this.#endingHere();
    this.client.disconnect();
  }

  #endingHere(): void {
    if (this.#epoch) this.#epoch.endedHere = true;
  }

  #compare(when: string): void {
    if (this.client.connected !== (this.#epoch !== undefined))
      this.#problem(`${when}: connected is ${this.client.connected}`);
  }

  #problem(text: string): void {
    this.#world.problems.push(text);
  }
}

/** The other side of a connection. */
export interface PeerRecord {
  readonly peer: Peer;
  readonly sent: Buffer[];
  /** It has closed or reset the connection: what it had not read by then is lost. */
  gone: boolean;
}

/**
 * @param record undefined when the peer was never told which connection it is
 * @param lost true when a peer has gone without having been told
 * @returns what is wrong with a connection that is over on both sides
 */
export function judge(epoch: Epoch, record: PeerRecord | undefined, lost: boolean): string | undefined {
  const { id, silent, disconnections, refused } = epoch;
  if (disconnections !== (silent ? 0 : 1)) return `connection ${id}: ${disconnections} × onDisconnection`;
  if (record) return judgeBytes(epoch, record);
  return refused || lost ? undefined : `connection ${id}: has never arrived`;
}

function judgeBytes({ id, silent, endedHere, ...epoch }: Epoch, { peer, gone, ...record }: PeerRecord) {
  const accepted = Buffer.concat(epoch.accepted);
  const delivered = Buffer.concat(epoch.delivered);
  const sent = Buffer.concat(record.sent);
  const { received } = peer;
  if (!accepted.subarray(0, received.length).equals(received)) return `connection ${id}: wrong bytes sent`;
  if (!sent.subarray(0, delivered.length).equals(delivered)) return `connection ${id}: wrong bytes received`;
  if (gone) return undefined;
  if (received.length < accepted.length)
    return `connection ${id}: ${received.length} of ${accepted.length} bytes arrived`;
  if (!endedHere && !silent && delivered.length < sent.length)
    return `connection ${id}: ${delivered.length} of ${sent.length} bytes were delivered`;
  return undefined;
}

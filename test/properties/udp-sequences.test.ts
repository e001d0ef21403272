/**
 * Any sequence of bind, connect, send and close, inside and outside of receptions, against a model of the socket.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sender } from '../../src/net/address-book.js';
import { Network } from '../../src/net/network.js';
import { UdpSocket } from '../../src/net/udp-socket.js';
import { ALLOW_PRIVATE, LIMITS } from '../net/sockets.js';
import { UdpPeer } from '../support/udp.js';

const PEERS = 2;
const LATE_MS = 3000;

const who = fc.nat(PEERS - 1);
const action = fc.oneof(
  fc.record({
    verb: fc.constant('bind' as const),
    where: fc.constantFrom('any', 'all', 'taken', 'again', 'bad'),
  }),
  fc.record({ verb: fc.constant('connect' as const), who }),
  fc.record({ verb: fc.constant('send' as const), who: fc.option(who) }),
  fc.record({ verb: fc.constant('close' as const) }),
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('outside' as const), action }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('inside' as const), action }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('peer' as const), who }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What the socket must be like, by reference-behaviour.md. */
interface Model {
  open: boolean;
  bound: string | undefined;
  /** Bound to the wildcard: without an address of its own. */
  wildcard: boolean;
  peer: number | undefined;
}

const CLOSED: Model = { open: false, bound: undefined, wildcard: false, peer: undefined };

let peers: UdpPeer[] = [];
let network: Network;

beforeAll(async () => {
  network = new Network(LIMITS, ALLOW_PRIVATE);
  peers = await Promise.all(Array.from({ length: PEERS }, () => UdpPeer.bind()));
});

afterAll(async () => {
  for (const peer of peers) peer.close();
  await network.close(0);
});

class Run {
  readonly problems: string[] = [];
  readonly inside: Action[] = [];
  readonly #socket: UdpSocket;
  #model = CLOSED;
  /** Datagrams are numbered, so that each can be found again. */
  #number = 0;
  #performed = 0;
  readonly #toPeers: string[][] = peers.map(() => []);
  readonly #fromPeers = new Set<string>();

  constructor() {
    const onReception = (bytes: Buffer, { text }: Sender) => this.#receive(bytes.toString(), text);
    const onError = (reason: string) => this.#problem(`error: ${reason}`);
    this.#socket = new UdpSocket(
      network,
      { onReception, onError, onConnectFailed: onError, onDropped() {} },
      false,
    );
  }

  async perform(step: Step): Promise<void> {
    if (step.kind === 'outside') this.#perform(step.action);
    else if (step.kind === 'inside') this.inside.push(step.action);
    else await this.#fromPeer(step.who);
  }

  async finish(): Promise<readonly string[]> {
    this.inside.length = 0;
    this.#perform({ verb: 'close' });
    for (const [i, wanted] of this.#toPeers.entries()) {
      const got: string[] = [];
      for (let j = 0; j < wanted.length; j++) got.push((await peers[i]?.nextText()) ?? '');
      if (String(got) !== String(wanted)) this.#problem(`peer ${i} got ${got}, not ${wanted}`);
    }
    return this.problems;
  }

  #perform(action: Action): void {
    this.#performed++;
    if (action.verb === 'bind') this.#bind(action.where);
    else if (action.verb === 'connect') this.#connect(action.who);
    else if (action.verb === 'send') this.#send(action.who);
    else {
      this.#socket.close();
      this.#model = CLOSED;
    }
    this.#compare(action.verb);
  }

  #bind(where: string): void {
    const { bound, peer, wildcard } = this.#model;
    const again = bound ?? '127.0.0.1:0';
    const texts: Record<string, string> = {
      all: '0.0.0.0:0',
      taken: `127.0.0.1:${peers[0]?.port}`,
      bad: 'x:1',
      again,
    };
    const text = texts[where] ?? '127.0.0.1:0';
    const error = this.#socket.bind(text);
    const good = where !== 'bad' && peer === undefined && (bound ? text === bound : where !== 'taken');
    this.#expect(`bind ${text}`, error, good);
    if (!good || bound) return;
    this.#model = { open: true, bound: text, wildcard: where === 'all', peer: undefined };
    if (wildcard) this.#problem('bound twice');
  }

  #connect(who: number): void {
    const error = this.#socket.connect(addressOf(who));
    const good = this.#model.bound === undefined;
    this.#expect(`connect to ${who}`, error, good);
    if (good) this.#model = { ...this.#model, open: true, peer: who };
  }

  #send(who: number | null): void {
    const text = `${this.#number++}`;
    const error = this.#socket.send(Buffer.from(text), who === null ? undefined : addressOf(who));
    const to = who ?? this.#model.peer;
    this.#expect(`send to ${to}`, error, to !== undefined);
    if (to === undefined) return;
    this.#toPeers[to]?.push(text);
    this.#model = { ...this.#model, open: true };
  }

  /** Sends to the socket, where its address is known, and waits until it has arrived. */
  async #fromPeer(who: number): Promise<void> {
    const port = Number(this.#socket.address?.split(':').at(-1));
    const text = `${this.#number++}`;
    if (!port) return;
    const expected = this.#model.peer === undefined || this.#model.peer === who;
    // One that is not for the peer of now may still be for the next one, if that comes before it is read.
    this.#fromPeers.add(text);
    await peers[who]?.send(text, port);
    const performed = this.#performed;
    const late = performance.now() + LATE_MS;
    // An earlier one may arrive first, and close the socket.
    while (expected && this.#fromPeers.has(text) && this.#performed === performed) {
      if (performance.now() > late) return this.#problem(`${text} from peer ${who} has not arrived`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #receive(text: string, address: string): void {
    if (!this.#fromPeers.delete(text))
      this.#problem(`received ${text} from ${address}, which nobody was to send`);
    const { peer } = this.#model;
    if (peer !== undefined && address !== addressOf(peer)) this.#problem(`received from ${address}`);
    const action = this.inside.shift();
    if (action) this.#perform(action);
  }

  #compare(when: string): void {
    const { open, bound, wildcard, peer } = this.#model;
    const { address, peerAddress } = this.#socket;
    if (this.#socket.open !== open) this.#problem(`${when}: open is ${this.#socket.open}`);
    if (peerAddress !== (peer === undefined ? undefined : addressOf(peer)))
      this.#problem(`${when}: peerAddress is ${peerAddress}`);
    const known = peer !== undefined || (bound !== undefined && !wildcard);
    if ((address !== undefined) !== known) this.#problem(`${when}: address is ${address}`);
  }

  #expect(what: string, error: string | undefined, good: boolean): void {
    if ((error === undefined) !== good) this.#problem(`${what}: ${error}`);
  }

  #problem(text: string): void {
    this.problems.push(text);
  }
}

function addressOf(who: number): string {
  return `127.0.0.1:${peers[who]?.port}`;
}

test('any sequence of what a script and its peers can do', async () => {
  const run = async (steps: readonly Step[]) => {
    const world = new Run();
    for (const step of steps) await world.perform(step);
    expect(await world.finish()).toEqual([]);
  };
  const steps = fc.array(step, { maxLength: 40, size: 'max' });
  await fc.assert(fc.asyncProperty(steps, run), { numRuns: 200, interruptAfterTimeLimit: 8000 });
});

/**
 * Any sequence of connect, send, disconnect, pause and what peers do, inside and outside of events, on real sockets:
 * onDisconnection once for each connection, every byte that was taken arrives, nothing stays open.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Network } from '../../src/net/network.js';
import { TcpServer } from '../../src/net/tcp-server.js';
import { ALLOW_PRIVATE, LIMITS } from '../net/sockets.js';
import { freePort } from '../support/server.js';
import { Peers } from './tcp-peers.js';
import { judge, Subject, type Verb, type World } from './tcp-subject.js';

const VERBS: readonly Verb[] = ['connect', 'refused', 'bad', 'send', 'disconnect', 'pause', 'resume'];
/** The largest is more than the kernel takes for a peer that does not read. */
const size = fc.oneof(
  { weight: 5, arbitrary: fc.nat(100) },
  { weight: 5, arbitrary: fc.nat(70_000) },
  { weight: 1, arbitrary: fc.constant(4_000_000) },
);
const action = fc.record({
  verb: fc.oneof(fc.constantFrom<Verb>('connect', 'send', 'send'), fc.constantFrom(...VERBS)),
  size,
});

const actions = fc.array(action, { minLength: 1, maxLength: 4 });

const PEER_VERBS = ['connect', 'send', 'end', 'reset', 'close', 'pause', 'resume'] as const;

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('outside' as const), who: fc.nat(5), actions }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('inside' as const), who: fc.nat(5), actions }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('peer' as const),
      who: fc.nat(20),
      verb: fc.constantFrom(...PEER_VERBS),
      size,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('server' as const), verb: fc.constantFrom('start', 'stop') }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), turns: fc.integer({ min: 1, max: 6 }) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Run {
  readonly #network = new Network(LIMITS, ALLOW_PRIVATE);
  readonly #peers: Peers;
  readonly #world: World;
  readonly #server: TcpServer;
  readonly #port: number;
  readonly #subjects: Subject[];

  private constructor(peers: Peers, port: number, closedPort: number) {
    this.#peers = peers;
    this.#port = port;
    this.#world = { network: this.#network, port: peers.port, closedPort, epochs: [], problems: [] };
    this.#subjects = [new Subject(this.#world), new Subject(this.#world)];
    this.#server = new TcpServer(this.#network, {
      onConnection: (connection) => void this.#subjects.push(new Subject(this.#world, connection)),
      onDropped() {},
      onError() {},
    });
    this.#serve('start');
  }

  static async create(): Promise<Run> {
    return new Run(await Peers.listen(), await freePort(), await freePort());
  }

  async perform(step: Step): Promise<void> {
    if (step.kind === 'outside') this.#subject(step.who).perform(step.actions);
    else if (step.kind === 'inside') this.#subject(step.who).inside.push(step.actions);
    else if (step.kind === 'server') this.#serve(step.verb);
    else if (step.kind === 'wait') await turns(step.turns);
    else if (step.verb === 'connect') this.#peers.connect(this.#port);
    else this.#peers.perform(step.who, step.verb, step.size);
  }

  /** Lets everything that is open end in an orderly way. @returns what was wrong */
  async finish(): Promise<readonly string[]> {
    for (const subject of this.#subjects) subject.inside.length = 0;
    for (const { client } of this.#subjects) client.resume();
    const open = await this.#peers.finish(() => this.#isOver());
    this.#serve('stop');
    await this.#network.close(5000);
    const { epochs, problems } = this.#world;
    const records = this.#peers.byId();
    const judged = epochs.map((epoch) => judge(epoch, records.get(epoch.id), this.#peers.lost));
    return [...open, ...problems, ...judged.filter((problem) => problem !== undefined)];
  }

  #isOver(): boolean {
    return this.#subjects.every(({ client }) => !client.connected) && this.#network.lingering.size === 0;
  }

  #subject(who: number): Subject {
    return this.#subjects[who % this.#subjects.length] as Subject;
  }

  #serve(verb: string): void {
    if (verb === 'stop') this.#server.stop();
    else if (!this.#server.start(this.#port, () => {})) this.#world.problems.push('the port is not free');
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

test('any sequence of what scripts and peers can do', async () => {
  const run = async (steps: readonly Step[]) => {
    const world = await Run.create();
    for (const step of steps) await world.perform(step);
    expect(await world.finish()).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), run), {
    numRuns: 50,
    // A busy machine tries fewer.
    interruptAfterTimeLimit: 8000,
  });
});

/**
 * The unread rest against a model that joins and cuts plain buffers: any segmentation, any number of bytes kept.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Unread } from '../../src/net/connection.js';
import { Network } from '../../src/net/network.js';
import { Rest } from '../../src/net/rest.js';
import { TcpClient } from '../../src/net/tcp-client.js';
import { TcpServer } from '../../src/net/tcp-server.js';
import { Changes } from '../support/changes.js';
import { freePort } from '../support/server.js';
import { Peer, PeerServer } from '../support/tcp.js';
import { receiveUnread } from '../support/unread.js';

/** Sizes around those at which the store is made and grows. */
const size = fc.oneof(
  fc.integer({ min: 1, max: 20 }),
  fc.integer({ min: 500, max: 3000 }),
  fc.integer({ min: 120_000, max: 131_072 }),
);

/** What part of the bytes is kept: nothing and everything more often than anything else. */
const part = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));

describe('Rest', () => {
  it('joins what was kept and the next chunk, whatever happens to the chunk afterwards', () => {
    // As in a connection: one buffer for all chunks, overwritten by each.
    const buffer = Buffer.alloc(131_072);
    const step = fc.record({ size, part });
    const run = (steps: readonly { size: number; part: number }[]) => {
      const rest = new Rest();
      let model = Buffer.alloc(0);
      let next = 0;
      for (const { size, part } of steps) {
        const chunk = buffer.subarray(0, size);
        for (let i = 0; i < size; i++) chunk[i] = next++ % 251;
        model = Buffer.concat([model, chunk]);
        const joined = rest.join(chunk);
        expect(joined.equals(model)).toBe(true);
        const keep = Math.round(joined.length * part);
        rest.keep(joined, keep);
        buffer.fill(0xff);
        model = model.subarray(model.length - keep);
        expect(rest.length).toBe(keep);
      }
      rest.clear();
      expect(rest.length).toBe(0);
    };
    fc.assert(fc.property(fc.array(step, { maxLength: 30 }), run), { numRuns: 300 });
  });
});

const LIMITS = {
  receiveLimit: 2 ** 30,
  sendLimit: 2 ** 30,
  totalLimit: 2 ** 30,
  connectTimeout: 30,
  idleTimeout: 0,
};

/** Checks every reception of one connection against what the peer has sent. */
class Checked {
  readonly received: number[] = [];
  disconnections = 0;
  readonly changes = new Changes();
  problem: string | undefined;
  readonly #stream: Buffer;
  readonly #parts: readonly number[];
  #kept = 0;
  /** Bytes of the stream that have been delivered. */
  position = 0;

  constructor(stream: Buffer, parts: readonly number[]) {
    this.#stream = stream;
    this.#parts = parts;
  }

  onReception(bytes: Buffer): number {
    const fresh = bytes.length - this.#kept;
    this.position += fresh;
    const expected = this.#stream.subarray(this.position - bytes.length, this.position);
    if (fresh <= 0) this.problem ??= `called with ${fresh} new bytes`;
    if (!bytes.equals(expected)) this.problem ??= `wrong bytes before position ${this.position}`;
    this.#kept = Math.round(bytes.length * (this.#parts[this.received.length] ?? 0));
    this.received.push(bytes.length);
    this.changes.note();
    return this.#kept;
  }

  onDisconnection(): void {
    this.disconnections++;
    this.changes.note();
  }

  onUnread(unread: Unread): Buffer {
    return receiveUnread(unread, (bytes) => this.onReception(bytes));
  }

  onDrain(): void {}
}

describe('TcpClient', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  const plan = fc.record({
    segments: fc.array(size, { minLength: 1, maxLength: 12 }),
    parts: fc.array(part, { maxLength: 12 }),
    together: fc.array(fc.boolean(), { maxLength: 12 }),
  });
  type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

  /** The peer sends the segments, some of them in one go, then FIN. */
  async function sendAll(peer: Peer, stream: Buffer, { segments, together }: Plan): Promise<void> {
    peer.socket.setNoDelay(true);
    let at = 0;
    for (const [i, length] of segments.entries()) {
      peer.send(stream.subarray(at, at + length));
      at += length;
      if (!together[i]) await new Promise((resolve) => setImmediate(resolve));
    }
    peer.end();
  }

  async function check(plan: Plan, open: (handler: Checked) => Promise<Peer>): Promise<void> {
    const total = plan.segments.reduce((sum, length) => sum + length, 0);
    const stream = Buffer.from(Uint8Array.from({ length: total }, (_, i) => i % 251));
    const handler = new Checked(stream, plan.parts);
    const peer = await open(handler);
    await sendAll(peer, stream, plan);
    await handler.changes.until(() => handler.disconnections > 0);
    peer.close();
    expect({ problem: handler.problem, delivered: handler.position }).toEqual({ delivered: total });
  }

  it('delivers everything once and in order over a connection that it has made', async () => {
    const network = new Network(LIMITS);
    const server = await PeerServer.listen();
    closing.push(() => server.close());
    const open = async (handler: Checked) => {
      new TcpClient(network, handler).connect('127.0.0.1', server.port);
      return server.next();
    };
    await fc.assert(
      fc.asyncProperty(plan, (plan) => check(plan, open)),
      { numRuns: 60 },
    );
    await network.close(1000);
  });

  it.each([
    ["on Node's handle", true],
    ['on a socket', false],
  ])('delivers everything once and in order over an accepted connection, %s', async (_, allowPrivate) => {
    const network = new Network(LIMITS, allowPrivate);
    let current: Checked | undefined;
    const server = new TcpServer(network, {
      onConnection: (socket) => void (current && TcpClient.accepted(network, current, socket)),
      onDropped() {},
      onError() {},
    });
    const port = await freePort();
    expect(server.start(port, () => {})).toBe(true);
    const open = (handler: Checked) => {
      current = handler;
      return Peer.connect(port);
    };
    await fc.assert(
      fc.asyncProperty(plan, (plan) => check(plan, open)),
      { numRuns: 60 },
    );
    server.stop();
    await network.close(1000);
  });
});

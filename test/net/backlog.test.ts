/** What waits for a peer that does not keep up: in order, whole, and in few pieces. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Backlog } from '../../src/net/backlog.js';

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1000, max: 70_000 })), {
  maxLength: 60,
});

test('gives back what it was given, in order, whatever its sizes', () => {
  fc.assert(
    fc.property(sizes, sizes, (...rounds) => {
      const backlog = new Backlog();
      for (const round of rounds) {
        const pieces = round.map((size, i) => Buffer.alloc(size, i + 1));
        for (const piece of pieces) {
          const held = backlog.add(piece);
          // What is not held may be overwritten at once.
          if (!held) piece.fill(0);
        }
        const whole = Buffer.concat(round.map((size, i) => Buffer.alloc(size, i + 1)));
        expect(backlog.bytes).toBe(whole.length);
        expect(Buffer.concat(backlog.take()).equals(whole)).toBe(true);
        expect(backlog.bytes).toBe(0);
      }
    }),
  );
});

test('a million bytes sent one by one are a few blocks', () => {
  const backlog = new Backlog();
  for (let i = 0; i < 1_000_000; i++) backlog.add(Buffer.from([i & 0xff]));
  expect(backlog.take().length).toBeLessThan(250);
});

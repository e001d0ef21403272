/** The end of a turn: what leaves at once, and what leaves in slices. */
import { expect, test } from 'vitest';
import { Turn } from '../../src/net/turn.js';

/** A write that takes a millisecond. */
function slow(name: number, flushed: number[]): { flush(): void } {
  return {
    flush: () => {
      const end = performance.now() + 1;
      while (performance.now() < end);
      flushed.push(name);
    },
  };
}

const oneTurn = () => new Promise((resolve) => setImmediate(resolve));

test('what takes long to write leaves in slices, and the event loop turns in between', async () => {
  const flushed: number[] = [];
  const turn = new Turn(() => flushed.push(-1));
  turn.enter();
  const names = Array.from({ length: 100 }, (_, i) => i);
  for (const name of names) turn.defer(slow(name, flushed));
  turn.leave();
  expect(flushed.length).toBeLessThan(50);
  const before = flushed.length;
  await oneTurn();
  expect(flushed.length).toBeGreaterThan(before);
  expect(flushed.length).toBeLessThan(100);
  while (flushed.length < 101) await oneTurn();
  expect(flushed).toEqual([...names, -1]);
});

test('a later turn does not wait for what is left of an earlier one', async () => {
  const flushed: number[] = [];
  let ends = 0;
  const turn = new Turn(() => ends++);
  turn.enter();
  for (let i = 0; i < 100; i++) turn.defer(slow(i, flushed));
  turn.leave();
  turn.enter();
  turn.defer(slow(1000, flushed));
  turn.leave();
  expect(flushed.at(-1)).toBe(1000);
  expect(flushed.length).toBeLessThan(50);
  expect(ends).toBe(0);
  while (ends === 0) await oneTurn();
  expect(flushed.length).toBe(101);
});

test('a few writes leave at the end of their turn, however long they take', () => {
  const flushed: number[] = [];
  const turn = new Turn(() => {});
  turn.enter();
  for (let i = 0; i < 16; i++) turn.defer(slow(i, flushed));
  turn.leave();
  expect(flushed.length).toBe(16);
});

test('one thing may be written before the end of each turn, and none outside of one', () => {
  const turn = new Turn(() => {});
  expect(turn.mayWriteNow).toBe(false);
  for (let i = 0; i < 2; i++) {
    turn.enter();
    expect(turn.mayWriteNow).toBe(true);
    turn.noteWritten();
    turn.enter();
    expect(turn.mayWriteNow).toBe(false);
    turn.leave();
    expect(turn.mayWriteNow).toBe(false);
    turn.leave();
  }
});

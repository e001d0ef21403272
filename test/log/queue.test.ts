import { describe, expect, test } from 'vitest';
import { LineQueue, MAX_BYTES } from '../../src/log/queue.js';

const queueOf = (...lines: string[]): LineQueue => {
  const queue = new LineQueue((count) => `lost ${count}\n`);
  for (const line of lines) queue.push(line);
  return queue;
};

const taken = (queue: LineQueue, room = Number.POSITIVE_INFINITY): string | undefined =>
  queue.take(room)?.bytes.toString();

describe('take', () => {
  test('gives whole lines up to the room, measured in bytes', () => {
    const queue = queueOf('é\n', 'é\n', 'é\n');
    expect(queue.nextBytes).toBe(3);
    expect(taken(queue, 8)).toBe('é\né\n');
    expect(queue.pending).toBe(1);
    expect(taken(queue, 8)).toBe('é\n');
    expect(taken(queue, 8)).toBeUndefined();
    expect(queue.nextBytes).toBe(0);
  });

  test('gives one line that is larger than the room', () => {
    expect(taken(queueOf('long\n', 'next\n'), 0)).toBe('long\n');
  });
});

describe('the bound', () => {
  const large = `${'x'.repeat(MAX_BYTES / 8)}\n`;
  /** Seven large lines fit; the eighth and the ninth are dropped. */
  const full = () => queueOf(...Array<string>(9).fill(large));

  test('counts the lines beyond it, and tells where they are missing', () => {
    const queue = full();
    expect(queue.pending).toBe(9);
    for (let number = 0; number < 7; number++) expect(taken(queue, 0)).toBe(large);
    expect(taken(queue)).toBe('lost 2\n');
    expect(taken(queue)).toBeUndefined();
  });

  test('once reached lets lines in again at its half, after the line that tells the loss', () => {
    const queue = full();
    for (let number = 0; number < 3; number++) taken(queue, 0);
    queue.push(large);
    taken(queue, 0);
    queue.push('again\n');
    for (let number = 0; number < 3; number++) expect(taken(queue, 0)).toBe(large);
    expect(taken(queue)).toBe('lost 3\nagain\n');
  });

  test('counts what short lines cost beside their bytes', () => {
    const queue = queueOf();
    const count = MAX_BYTES / 16;
    for (let number = 0; number < count; number++) queue.push('x\n');
    const kept = queue.take(Number.POSITIVE_INFINITY)?.lines ?? 0;
    expect(kept).toBeLessThan(count / 2);
    expect(taken(queue)).toBe(`lost ${count - kept}\n`);
  });

  test('does not keep out a single line that is larger', () => {
    const line = `${'x'.repeat(MAX_BYTES)}\n`;
    expect(taken(queueOf(line))).toBe(line);
  });
});

test('clear forgets lines and losses', () => {
  const queue = queueOf('a\n');
  queue.clear();
  expect(queue.pending).toBe(0);
  expect(taken(queue)).toBeUndefined();
});

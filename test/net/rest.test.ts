import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rest } from '../../src/net/rest.js';

test('without a rest a chunk passes through uncopied', () => {
  const rest = new Rest();
  const chunk = Buffer.from('abc');
  expect(rest.join(chunk)).toBe(chunk);
  rest.keep(chunk, 0);
  expect(rest.join(chunk)).toBe(chunk);
});

test('the rest survives the reuse of the buffer that its bytes came in', () => {
  const rest = new Rest();
  const buffer = Buffer.from('abc');
  rest.keep(rest.join(buffer), 2);
  buffer.fill('x');
  expect(rest.length).toBe(2);
  expect(rest.join(Buffer.from('d')).toString()).toBe('bcd');
});

test('whatever is kept of whatever comes, the next data is the kept bytes and the new ones', () => {
  const steps = fc.array(
    fc.tuple(fc.uint8Array({ maxLength: 5000 }), fc.double({ min: 0, max: 1, noNaN: true })),
  );
  fc.assert(
    fc.property(steps, (all) => {
      const rest = new Rest();
      const receive = Buffer.alloc(8192);
      let kept = Buffer.alloc(0);
      for (const [bytes, share] of all) {
        receive.set(bytes);
        const joined = rest.join(receive.subarray(0, bytes.length));
        const expected = Buffer.concat([kept, bytes]);
        expect(joined.equals(expected)).toBe(true);
        const count = Math.floor(share * joined.length);
        rest.keep(joined, count);
        kept = expected.subarray(expected.length - count);
      }
    }),
  );
});

test('a message that comes in many pieces is copied in proportion to its length', () => {
  const rest = new Rest();
  const chunk = Buffer.alloc(1000);
  const begun = performance.now();
  // Copying the rest for each piece would move 50 GB.
  for (let i = 1; i <= 10_000; i++) rest.keep(rest.join(chunk), i * 1000);
  expect(rest.length).toBe(10_000_000);
  expect(performance.now() - begun).toBeLessThan(3000);
});

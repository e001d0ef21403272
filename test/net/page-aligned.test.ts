/** Memory for what is read. */
import { afterEach, expect, test, vi } from 'vitest';
import { pageAligned } from '../../src/net/page-aligned.js';

afterEach(() => vi.unstubAllGlobals());

test('is of WebAssembly, which begins at a page, and as long as was asked', () => {
  for (const size of [1, 65_536, 131_072, 131_073]) {
    const memory = pageAligned(size);
    expect([memory.length, memory.byteOffset, memory.buffer.byteLength % 65_536]).toEqual([size, 0, 0]);
  }
});

test('is ordinary memory where addresses cannot be reserved', () => {
  const asked: unknown[] = [];
  class Memory {
    constructor(descriptor: unknown) {
      asked.push(descriptor);
      throw new RangeError('WebAssembly.Memory(): could not allocate memory');
    }
  }
  vi.stubGlobal('WebAssembly', { Memory });
  expect(pageAligned(131_072)).toHaveLength(131_072);
  expect(asked).toEqual([{ initial: 2, maximum: 2 }]);
});

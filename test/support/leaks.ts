/**
 * A setup file of every test file: when its tests are over, what they have opened must be closed. A socket, a timer, a
 * watcher, a thread or a child process that still keeps the event loop alive then fails the file, and is named.
 */
import { afterAll, beforeAll } from 'vitest';
import { type Resources, resources, settled } from './resources.js';

let baseline: Resources;

beforeAll(() => {
  // The runner's own timers are unreferenced, which do not count, or short.
  baseline = new Map([...resources(), ['Timeout', 0]]);
});

// Registered before any of the file's own, so it runs after them.
afterAll(async () => {
  const left = await settled(baseline);
  if (left.length > 0) throw new Error(`left open by this file: ${left.join(', ')}`);
});

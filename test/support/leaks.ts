/**
 * A setup file of every test file: when its tests are over, what they have opened must be closed. A socket, a timer, a
 * watcher, a thread or a child process that still keeps the event loop alive then fails the file, and is named.
 */
import { afterAll, beforeAll } from 'vitest';

/** What is closed already may take this long to be gone, milliseconds. */
const GRACE_MS = 3000;
const POLL_MS = 20;

/** Work under way that ends by itself, at the latest with its owner: nothing that one can forget to close. */
const TRANSIENT = new Set(['Immediate', 'FSReqCallback', 'FSReqPromise', 'CloseReq', 'TickObject']);

let baseline: ReadonlyMap<string, number>;

beforeAll(() => {
  // The runner's own timers are unreferenced, which do not count, or short.
  baseline = new Map([...counts(), ['Timeout', 0]]);
});

// Registered before any of the file's own, so it runs after them.
afterAll(async () => {
  const until = Date.now() + GRACE_MS;
  let left = leftOver();
  while (left.length > 0 && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    left = leftOver();
  }
  if (left.length > 0) throw new Error(`left open by this file: ${left.join(', ')}`);
});

function counts(): Map<string, number> {
  const counted = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) counted.set(name, (counted.get(name) ?? 0) + 1);
  return counted;
}

function leftOver(): string[] {
  return [...counts()]
    .filter(([name, count]) => !TRANSIENT.has(name) && count > (baseline.get(name) ?? 0))
    .map(([name, count]) => `${count - (baseline.get(name) ?? 0)} × ${name}`);
}

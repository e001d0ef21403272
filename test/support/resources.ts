/**
 * What keeps the event loop of this process alive, counted by kind: sockets, timers, watchers, threads, children.
 *
 * It knows no test and no server. What is closed may take a moment to be gone: `settled` waits for that.
 */

/** What is closed already may take this long to be gone, milliseconds. */
const GRACE_MS = 3000;
const POLL_MS = 20;

/** Work under way that ends by itself, at the latest with its owner: nothing that one can forget to close. */
const TRANSIENT = new Set(['Immediate', 'FSReqCallback', 'FSReqPromise', 'CloseReq', 'TickObject']);

export type Resources = ReadonlyMap<string, number>;

export function resources(): Resources {
  const counted = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) counted.set(name, (counted.get(name) ?? 0) + 1);
  return counted;
}

/** @returns what there is more than in `baseline` after a moment of grace: "2 × TCPSocketWrap" */
export async function settled(baseline: Resources): Promise<string[]> {
  const until = Date.now() + GRACE_MS;
  let left = beyond(baseline);
  while (left.length > 0 && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    left = beyond(baseline);
  }
  return left;
}

function beyond(baseline: Resources): string[] {
  return [...resources()]
    .filter(([name, count]) => !TRANSIENT.has(name) && count > (baseline.get(name) ?? 0))
    .map(([name, count]) => `${count - (baseline.get(name) ?? 0)} × ${name}`);
}

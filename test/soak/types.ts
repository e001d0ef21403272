/** The shapes that the soak passes around: levels, figures of the load, checks. */
import type { Random } from './harness/random.js';

/** What the daemon's process says about itself, after a collection. Bytes. */
export interface Inside {
  readonly resources: readonly string[];
  /** Used by JavaScript, without compiled code. */
  readonly heap: number;
  /** The heaps of the Lua machines, above all. */
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
}

export type Counts = Readonly<Record<string, number>>;

/** A daemon at rest. */
export interface Level {
  /** Open file descriptors by kind: "socket" → 12. */
  readonly descriptors: Counts;
  /** What keeps the event loop alive: "Timeout" → 3. */
  readonly resources: Counts;
  /** Objects by class. */
  readonly objects: Counts;
  /** Registry slots given out by all Lua machines. */
  readonly slots: number;
  /** Bytes. */
  readonly heap: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
  /** Memory of each application's Lua objects, KiB. */
  readonly lua: Counts;
}

export type Ports = Readonly<Record<string, number>>;

/** What one kind of load has to work with. */
export interface Work {
  readonly ports: Ports;
  readonly random: Random;
  count(what: string, more?: number): void;
  /** Records how long something has taken. @param since of `performance.now()` */
  took(since: number): void;
  /** True when the load is to end: a round that could go on for long ends early. */
  readonly ending: boolean;
}

/** One kind of load: workers that each run rounds, one after the other. */
export interface Activity {
  readonly name: string;
  readonly workers: number;
  /** Between two rounds, milliseconds at most. */
  readonly pause: number;
  /** Makes what one worker keeps over its rounds, and returns the round: it throws when something is wrong. */
  worker(work: Work): { round(): Promise<void>; close?(): void };
}

/** Microseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface ActivityFigures {
  readonly counts: Counts;
  readonly latency: Latency;
}

/** What the load process reports. */
export interface LoadFigures {
  readonly activities: Readonly<Record<string, ActivityFigures>>;
  readonly failures: readonly string[];
  /** Of all failures, also of those that are not named. */
  readonly failed: number;
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Report {
  readonly seconds: number;
  readonly seed: number;
  readonly lua: string;
  readonly load: LoadFigures;
  /** What the soak has done itself: reloads, mails. */
  readonly counts: Counts;
  readonly levels: readonly { readonly daemon: string; readonly before: Level; readonly after: Level }[];
  readonly checks: readonly Check[];
  /** The newest lines of trouble in the log, most of which was provoked: to look for causes. */
  readonly trouble: readonly string[];
}

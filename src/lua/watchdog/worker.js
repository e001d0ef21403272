// @ts-check
/**
 * The watchdog's thread: measures how long an entry into a script has been running, and interrupts the main thread.
 *
 * It knows no Lua. The main thread only counts entries; this one has the clock. It interrupts by evaluating one
 * expression on the main thread, which V8 does in the middle of whatever loop runs there, WebAssembly included.
 * Invariant: a session is connected only while an entry is overdue, so that the process can end at any other time.
 */
import { writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import { workerData } from 'node:worker_threads';
import { CLOSING, monotonic, SEEN, SEEN_SINCE, SEQUENCE } from './cells.js';

/** @type {{ buffer: SharedArrayBuffer, name: string, timeout: number, abort: number }} milliseconds; 0 = none */
const { buffer, name, timeout, abort } = workerData;
const cells = new Int32Array(buffer);
const times = new Float64Array(buffer);

/** Twenty times within the limit, 25 times a second at least and 200 at most. */
const POLL_MS = Math.max(5, Math.min(40, (timeout || abort) / 20));

/** What one poll may count: after a suspended process or a machine out of breath, no script is to blame. */
const STEP_MS = 10 * POLL_MS;

/** An interrupt that did not end the entry is repeated: C may call C, of which each ends one. */
const REPEAT_MS = 100;

/** The main thread gets this long to say in the log what it was doing. */
const LAST_WORDS_MS = 2000;

let sequence = 0;
let polled = monotonic();
let since = 0;
let elapsed = 0;
let nextInterrupt = timeout;
let aborting = false;
/** @type {Session | undefined} */
let session;

watch();

/**
 * Sleeps between the polls without an event loop, which would cost twice as much CPU time for the same; with one
 * while a session is connected, whose answers arrive by it.
 */
function watch() {
  do {
    const idle = session ? 0 : POLL_MS;
    if (Atomics.wait(cells, CLOSING, 0, idle) !== 'timed-out') return disconnect();
    poll();
  } while (!session);
  setTimeout(watch, POLL_MS);
}

function poll() {
  const now = monotonic();
  const current = Atomics.load(cells, SEQUENCE);
  const running = (current & 1) === 1;
  if (running && current === sequence) measure(Math.min(now - polled, STEP_MS));
  else begin(current, now);
  polled = now;
}

/**
 * @param {number} current
 * @param {number} now
 */
function begin(current, now) {
  sequence = current;
  since = now;
  elapsed = 0;
  nextInterrupt = timeout;
  if (!aborting) disconnect();
}

/** @param {number} step */
function measure(step) {
  elapsed += step;
  if (cells[SEEN] !== sequence) {
    times[SEEN_SINCE] = since;
    Atomics.store(cells, SEEN, sequence);
  }
  if (timeout > 0 && elapsed > nextInterrupt) {
    nextInterrupt = elapsed + REPEAT_MS;
    interrupt('stop', () => {});
  }
  if (abort > 0 && elapsed > abort && !aborting) end();
}

/** Nothing could end the entry: the log says so, by the main thread if it still listens, and the process ends. */
function end() {
  aborting = true;
  const silent = () => {
    const text = `a script has held the event loop for more than ${abort / 1000} s and cannot be ended: aborting`;
    writeSync(1, `FATAL ${text}\n`);
    kill();
  };
  setTimeout(silent, LAST_WORDS_MS);
  interrupt('abort', kill);
}

/** A signal, because `process.abort` is not to be had in a worker. Supervisors take it for a failure. */
function kill() {
  process.kill(process.pid, 'SIGABRT');
}

/**
 * @param {'stop' | 'abort'} what
 * @param {() => void} done
 */
function interrupt(what, done) {
  if (!session) {
    session = new Session();
    session.connectToMainThread();
  }
  const expression = `globalThis[Symbol.for(${JSON.stringify(name)})]?.(${sequence}, '${what}')`;
  session.post('Runtime.evaluate', { expression, silent: true }, done);
}

function disconnect() {
  session?.disconnect();
  session = undefined;
}

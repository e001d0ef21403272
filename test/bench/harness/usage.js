// @ts-check
/**
 * CPU time and resident memory of another process: from /proc where there is one, else asked from the process itself
 * (probe.js) over its IPC channel. `CUMULUS_BENCH_IPC=1` chooses the latter everywhere.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export const HAS_PROC = existsSync('/proc/self/stat') && process.env['CUMULUS_BENCH_IPC'] !== '1';

/** The kernel counts in these, whatever its own clock is. */
const TICKS_PER_SECOND = 100;

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>} user and system, microseconds
 */
export async function cpuOf(child) {
  if (!HAS_PROC) return (await askProbe(child)).cpu;
  const pid = child.pid ?? 0;
  return preciseCpu(pid) ?? cpuInTicks(pid);
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>} bytes
 */
export async function memoryOf(child) {
  if (!HAS_PROC) return (await askProbe(child)).memory;
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** The scheduler's own account, in nanoseconds, of every thread; not every kernel keeps it. @param {number} pid */
function preciseCpu(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const times = threads.map((id) =>
      Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]),
    );
    return times.reduce((sum, time) => sum + time, 0) / 1000;
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function cpuInTicks(pid) {
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<{ cpu: number, memory: number }>}
 */
function askProbe(child) {
  return new Promise((resolve, reject) => {
    child.once('message', (answer) => resolve(/** @type {{ cpu: number, memory: number }} */ (answer)));
    child.send('usage', (error) => error && reject(error));
  });
}

// @ts-check
/**
 * The process of a load generator: questions come in over IPC, a workload answers them.
 *
 * It reports the CPU time that it has used itself, so that a generator that is the bottleneck shows.
 */
import { Latencies } from './latencies.js';

/**
 * @typedef {(options: any, latencies: Latencies) => Promise<import('../types.js').Workload>} Open
 * @typedef {{ id: number, method: 'open' | 'run', target: string, options?: unknown, ms?: number }} Question
 */

/** @param {Open} open connects to the server that `options` names */
export function serve(open) {
  const latencies = new Latencies();
  /** @type {Map<string, import('../types.js').Workload>} */
  const workloads = new Map();
  process.on('message', async (message) => {
    const { id, method, target, options, ms = 0 } = /** @type {Question} */ (message);
    try {
      if (method === 'open') workloads.set(target, await open(options, latencies));
      process.send?.({ id, value: method === 'run' ? await run(workloads.get(target), ms) : true });
    } catch (error) {
      process.send?.({ id, error: String(error) });
    }
  });

  /**
   * @param {import('../types.js').Workload | undefined} workload
   * @param {number} ms
   * @returns {Promise<import('../types.js').Load>}
   */
  async function run(workload, ms) {
    if (!workload) throw new Error('not open');
    latencies.clear();
    const cpu = process.cpuUsage();
    const start = performance.now();
    const { messages, failures = {} } = await workload.run(ms);
    const elapsed = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    return { messages, elapsed, cpu: user + system, ...latencies.percentiles(), failures };
  }
}

// @ts-check
/**
 * A server in a process of its own: started, waited for, measured, stopped. What it prints goes into a file, which is
 * shown when it ends by itself.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuOf, HAS_PROC, memoryOf } from './usage.js';

const HAS_TASKSET = process.platform === 'linux' && spawnSync('taskset', ['-V']).status === 0;

/** Without it the kernel likes to put both ends of a loopback connection on one core. */
export const CAN_PIN = HAS_TASKSET && availableParallelism() > 1;

/** The cores for the server and for the load generator. */
export const SERVER_CORE = availableParallelism() - 1;
export const LOAD_CORE = 0;

const PROBE = new URL('./probe.js', import.meta.url).href;

/**
 * @typedef {object} Start
 * @property {string[]} command program and arguments; "node" is this Node
 * @property {number} port
 * @property {number} [core] the core to stay on
 * @property {(port: number) => Promise<boolean>} [isUp] tells whether it serves
 * @property {() => void} [cleanUp] called after it has ended
 */

/**
 * Resolves when the server serves.
 * @param {Start} start
 * @returns {Promise<import('../types.js').Server>}
 */
export async function startServer({ command, port, core, isUp, cleanUp }) {
  const folder = mkdtempSync(join(tmpdir(), 'cumulus-bench-'));
  const log = join(folder, 'log');
  const start = performance.now();
  const child = launch(command, core, log);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(late);
    rmSync(folder, { recursive: true, force: true });
    cleanUp?.();
  };
  while (isUp && !(await isUp(port))) {
    if (child.exitCode !== null)
      throw new Error(`${command.join(' ')} has ended:\n${readFileSync(log, 'utf8')}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const upAfter = performance.now() - start;
  const usage = { cpu: () => cpuOf(child), memory: () => memoryOf(child) };
  return { pid: child.pid ?? 0, port, upAfter, ...usage, stop };
}

/**
 * @param {string[]} command
 * @param {number | undefined} core
 * @param {string} log
 */
function launch(command, core, log) {
  const output = openSync(log, 'w');
  const [program = '', ...rest] = withProbe(command);
  const whole = core === undefined ? [program, ...rest] : ['taskset', '-c', String(core), program, ...rest];
  const child = spawn(whole[0] ?? '', whole.slice(1), {
    stdio: HAS_PROC ? ['ignore', output, output] : ['ignore', output, output, 'ipc'],
  });
  closeSync(output);
  return child;
}

/** @param {string[]} command */
function withProbe(command) {
  const [program = '', ...rest] = command;
  if (program !== 'node') return command;
  return HAS_PROC ? [process.execPath, ...rest] : [process.execPath, '--import', PROBE, ...rest];
}

// @ts-check
/** Where and on what a report was made. */
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

/**
 * @param {Pick<import('../types.js').Context, 'lua'>} context
 * @returns {import('../types.js').Environment}
 */
export function environmentOf({ lua }) {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: (cpus()[0]?.model ?? 'unknown').trim(),
    cores: availableParallelism(),
    node: process.versions.node,
    commit: commit(),
    lua,
  };
}

function commit() {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const { stdout, status } = spawnSync('git', ['describe', '--always', '--dirty'], {
    cwd: here,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : 'unknown';
}

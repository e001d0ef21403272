// @ts-check
/** The load's process, from outside. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Asker } from '../../bench/harness/asker.js';

const MAIN = fileURLToPath(new URL('../load/main.js', import.meta.url));

export class Load {
  #child;
  #asker;

  constructor() {
    this.#child = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
    });
    this.#asker = new Asker(this.#child, 'the load');
  }

  /** @param {import('../types.js').Ports} ports @param {number} seed */
  async start(ports, seed) {
    await this.#asker.ask({ method: 'start', ports, seed });
  }

  /** Resolves when everything under way has been answered. */
  async rest() {
    await this.#asker.ask({ method: 'rest' });
  }

  /** @returns {Promise<import('../types.js').LoadFigures>} */
  async report() {
    return /** @type {import('../types.js').LoadFigures} */ (await this.#asker.ask({ method: 'report' }));
  }

  /** @returns {Promise<void>} */
  close() {
    return new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.kill('SIGKILL');
    });
  }
}

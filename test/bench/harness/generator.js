// @ts-check
/**
 * A load generator in a process of its own, driven by questions over IPC (load/serve.js is the other end). One
 * generator drives all servers of a round in turn, so that each of them meets the same compiled code.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Asker } from './asker.js';
import { LOAD_CORE } from './child.js';

const LOAD = fileURLToPath(new URL('../load/', import.meta.url));

export class Generator {
  #child;
  #asker;

  /** @param {string} name a file of load/ @param {boolean} pin */
  constructor(name, pin) {
    const command = [process.execPath, LOAD + name];
    if (pin) command.unshift('taskset', '-c', String(LOAD_CORE));
    this.#child = spawn(command[0] ?? '', command.slice(1), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#asker = new Asker(this.#child, `load generator ${name}`);
  }

  /**
   * Points it at a server.
   * @param {string} target how `run` calls it
   * @param {Readonly<Record<string, unknown>>} options what its workload takes
   */
  async open(target, options) {
    await this.#asker.ask({ method: 'open', target, options });
  }

  /** @param {string} target @param {number} ms @returns {Promise<import('../types.js').Load>} */
  async run(target, ms) {
    return /** @type {import('../types.js').Load} */ (await this.#asker.ask({ method: 'run', target, ms }));
  }

  close() {
    this.#child.removeAllListeners('exit');
    this.#child.kill();
  }
}

// @ts-check
/**
 * A load generator in a process of its own, driven by questions over IPC (load/serve.js is the other end). One
 * generator drives all servers of a round in turn, so that each of them meets the same compiled code.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LOAD_CORE } from './child.js';

const LOAD = fileURLToPath(new URL('../load/', import.meta.url));

export class Generator {
  #child;
  #nextId = 1;
  /** @type {Map<number, { resolve(value: unknown): void, reject(error: Error): void }>} */
  #asked = new Map();

  /** @param {string} name a file of load/ @param {boolean} pin */
  constructor(name, pin) {
    const command = [process.execPath, LOAD + name];
    if (pin) command.unshift('taskset', '-c', String(LOAD_CORE));
    this.#child = spawn(command[0] ?? '', command.slice(1), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message) => this.#answer(/** @type {Answer} */ (message)));
    this.#child.on('exit', () => this.#fail(new Error(`load generator ${name} has ended`)));
  }

  /**
   * Points it at a server.
   * @param {string} target how `run` calls it
   * @param {Readonly<Record<string, unknown>>} options what its workload takes
   */
  async open(target, options) {
    await this.#ask({ method: 'open', target, options });
  }

  /** @param {string} target @param {number} ms @returns {Promise<import('../types.js').Load>} */
  async run(target, ms) {
    return /** @type {import('../types.js').Load} */ (await this.#ask({ method: 'run', target, ms }));
  }

  close() {
    this.#child.removeAllListeners('exit');
    this.#child.kill();
  }

  /** @param {Record<string, unknown>} question @returns {Promise<unknown>} */
  #ask(question) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#child.send({ id, ...question });
    });
  }

  /** @typedef {{ id: number, value?: unknown, error?: string }} Answer */
  /** @param {Answer} answer */
  #answer({ id, value, error }) {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(new Error(error));
  }

  /** @param {Error} error */
  #fail(error) {
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }
}

// @ts-check
/** Questions to a child process over its IPC channel, and their answers by id. */

/** @typedef {{ id: number, value?: unknown, error?: string }} Answer */

export class Asker {
  #child;
  #nextId = 1;
  /** @type {Map<number, { resolve(value: unknown): void, reject(error: Error): void }>} */
  #asked = new Map();

  /** @param {import('node:child_process').ChildProcess} child @param {string} name */
  constructor(child, name) {
    this.#child = child;
    child.on('message', (message) => this.#answer(/** @type {Answer} */ (message)));
    child.on('exit', (code, signal) => this.#fail(new Error(`${name} has ended: ${signal ?? code}`)));
  }

  /** @param {Record<string, unknown>} question @returns {Promise<unknown>} */
  ask(question) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#child.send({ id, ...question }, (error) => error && reject(error));
    });
  }

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

// @ts-check
/**
 * One connection of the load, to be read in steps. Every wait is bounded: an answer that does not come is a failure,
 * not a hang.
 */
import { connect } from 'node:net';

/** An answer may take this long, milliseconds: bombs, loops and other people's work delay it. */
export const PATIENCE_MS = 30_000;

/** The connection has ended while something was waited for. */
export class Ended extends Error {}

export class Peer {
  #socket;
  #received = Buffer.alloc(0);
  /** @type {Buffer[]} */ #chunks = [];
  #size = 0;
  #over = false;
  /** @type {NodeJS.ErrnoException | undefined} */ #error;
  #wake = () => {};

  /** @param {number} port */
  constructor(port) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.#socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      this.#wake();
    });
    this.#socket.on('error', (error) => {
      this.#error = error;
    });
    for (const event of ['end', 'close'])
      this.#socket.on(event, () => {
        this.#over = true;
        this.#wake();
      });
  }

  /** @param {number} port @returns {Promise<Peer>} when it is established */
  static async open(port) {
    const peer = new Peer(port);
    await peer.#until(() => !peer.#socket.connecting);
    return peer;
  }

  /** Why it has ended, "" as long as that is unknown or in order. */
  get error() {
    return this.#error?.code ?? '';
  }

  /** @param {string | Uint8Array} data */
  write(data) {
    if (!this.#socket.destroyed) this.#socket.write(data);
  }

  /** The next `size` bytes. @param {number} size @returns {Promise<Buffer>} */
  async bytes(size) {
    await this.#until(() => this.#size >= size);
    return this.#take(size);
  }

  /** The next line, without its end. @returns {Promise<string>} */
  async line() {
    await this.#until(() => this.#chunks.at(-1)?.includes(10) === true || this.#joined().includes(10));
    const end = this.#joined().indexOf(10);
    return this.#take(end + 1).toString('latin1', 0, end);
  }

  /** What has come until the other side has ended. @returns {Promise<Buffer>} */
  async rest() {
    await this.#until(() => this.#over, true);
    return this.#take(this.#size);
  }

  /** Ends this direction, and leaves the other one open. */
  end() {
    this.#socket.end();
  }

  reset() {
    this.#socket.resetAndDestroy();
  }

  close() {
    this.#socket.destroy();
  }

  /** @param {() => boolean} done @param {boolean} [endIsFine] @returns {Promise<void>} */
  #until(done, endIsFine = false) {
    return new Promise((resolve, reject) => {
      const finish = (/** @type {Error | undefined} */ error) => {
        clearTimeout(late);
        this.#socket.off('connect', look);
        this.#wake = () => {};
        if (error) reject(error);
        else resolve();
      };
      const look = () => {
        if (done()) finish(undefined);
        else if (this.#over && !endIsFine) finish(new Ended(`connection ended ${this.error}`));
      };
      const late = setTimeout(() => {
        this.close();
        finish(new Error(`no answer within ${PATIENCE_MS / 1000} s, ${this.#size} bytes have come`));
      }, PATIENCE_MS);
      this.#wake = look;
      this.#socket.on('connect', look);
      look();
    });
  }

  #joined() {
    this.#received = Buffer.concat(this.#chunks);
    this.#chunks = this.#size > 0 ? [this.#received] : [];
    return this.#received;
  }

  /** @param {number} size */
  #take(size) {
    const all = this.#joined();
    this.#size -= size;
    this.#chunks = this.#size > 0 ? [all.subarray(size)] : [];
    return all.subarray(0, size);
  }
}

/** @param {number} ms @returns {Promise<void>} */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

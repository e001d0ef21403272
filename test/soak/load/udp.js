// @ts-check
/**
 * UDP echo at a moderate rate: a few datagrams at a time, and no more before all have come back. On loopback nothing
 * is lost, unless the kernel drops it because a socket's buffer is full; it counts that.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { integer, pick } from '../harness/random.js';

const WINDOW = 8;
const SIZES = [8, 64, 512, 1400, 1400, 9000];
/** What has not come back by then is lost, milliseconds. A loop or a bomb holds the daemon up for less. */
const LOST_MS = 5000;

/** @type {import('../types.js').Activity} */
export const udp = { name: 'udp', workers: 2, pause: 60, worker: (work) => new Socket(work) };

class Socket {
  #work;
  #socket = createSocket('udp4');
  #next = 0;
  /** @type {Map<number, { sent: Buffer, since: number }>} */ #open = new Map();
  #allBack = () => {};
  /** @type {unknown} */ #wrong;

  /** @param {import('../types.js').Work} work */
  constructor(work) {
    this.#work = work;
    this.#socket.on('message', (message) => this.#back(message));
    this.#socket.on('error', (error) => {
      this.#wrong = error;
    });
    this.#socket.connect(work.ports['udp'] ?? 0, '127.0.0.1');
  }

  async round() {
    if (this.#next === 0) await once(this.#socket, 'connect');
    for (let i = 0; i < WINDOW; i++) this.#send();
    await this.#untilAllAreBack();
    if (this.#open.size > 0) this.#lost();
    this.#open.clear();
    const wrong = this.#wrong;
    this.#wrong = undefined;
    if (wrong !== undefined) throw wrong;
  }

  close() {
    this.#socket.close();
  }

  #send() {
    const { random } = this.#work;
    const sent = Buffer.alloc(pick(random, SIZES), integer(random, 0, 255));
    sent.writeUInt32BE(this.#next);
    this.#open.set(this.#next++, { sent, since: performance.now() });
    this.#socket.send(sent);
    this.#work.count('datagrams');
  }

  #lost() {
    this.#work.count('lost', this.#open.size);
    const dropped = droppedAt([this.#work.ports['udp'] ?? 0, this.#socket.address().port]);
    this.#work.count('dropped by the kernel', dropped);
  }

  /** @param {Buffer} message */
  #back(message) {
    const id = message.readUInt32BE();
    const open = this.#open.get(id);
    if (!open) this.#work.count('late');
    else if (!open.sent.equals(message)) this.#wrong = new Error(`datagram ${id} came back changed`);
    else this.#work.took(open.since);
    this.#open.delete(id);
    if (this.#open.size === 0) this.#allBack();
  }

  /** @returns {Promise<void>} */
  #untilAllAreBack() {
    return new Promise((resolve) => {
      const late = setTimeout(resolve, LOST_MS);
      this.#allBack = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }
}

/** What has been counted already, by port. @type {Map<number, number>} */
const counted = new Map();

/**
 * Datagrams that the kernel has dropped at sockets of these ports, each told once; none where it does not say.
 * @param {readonly number[]} ports
 */
function droppedAt(ports) {
  if (process.platform !== 'linux') return 0;
  let dropped = 0;
  for (const line of readFileSync('/proc/net/udp', 'latin1').split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const port = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16);
    if (!ports.includes(port)) continue;
    const total = Number(fields.at(-1));
    dropped += total - (counted.get(port) ?? 0);
    counted.set(port, total);
  }
  return dropped;
}

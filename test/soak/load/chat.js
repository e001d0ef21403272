// @ts-check
/**
 * A chat whose members come, speak and go: each line reaches every other member exactly once and in order, from the
 * member's welcome until it leaves. Who leaves in order is heard to the last line.
 */
import { integer, pick } from '../harness/random.js';
import { Ended, Peer, pause } from './peer.js';

const STEPS = 80;
const MOST_MEMBERS = 8;
const MOST_PAUSE_MS = 25;
/** Of 100 steps, so many are a join, an orderly end, a reset; the others are lines. */
const JOINS = 8;
const ENDS = 4;
const RESETS = 2;

/** @type {import('../types.js').Activity} */
export const chat = {
  name: 'chat',
  workers: 1,
  pause: 200,
  worker: (work) => ({ round: () => new Session(work).run() }),
};

let serial = 0;

class Session {
  #work;
  /** @type {Member[]} */ #present = [];
  /** @type {Promise<void>[]} */ #readings = [];
  /** When each line was said. @type {Map<string, number>} */ #times = new Map();

  /** @param {import('../types.js').Work} work */
  constructor(work) {
    this.#work = work;
  }

  async run() {
    try {
      for (let i = 0; i < 3; i++) await this.#join();
      for (let i = 0; i < STEPS && !this.#work.ending; i++) await this.#step();
      while (this.#present[0]) await this.#leaveAndBeHeard(this.#present[0]);
      await Promise.all(this.#readings);
    } finally {
      for (const member of this.#present) member.vanish();
    }
  }

  async #step() {
    const { random } = this.#work;
    const choice = integer(random, 0, 99);
    const member = pick(random, this.#present);
    const many = this.#present.length > 2;
    if (choice < JOINS && this.#present.length < MOST_MEMBERS) await this.#join();
    else if (many && choice >= JOINS && choice < JOINS + ENDS) this.#leave(member);
    else if (many && choice >= JOINS + ENDS && choice < JOINS + ENDS + RESETS) this.#vanish(member);
    else member.say();
    this.#work.count('steps');
    await pause(integer(random, 0, MOST_PAUSE_MS));
  }

  async #join() {
    const peer = await Peer.open(this.#work.ports['chat'] ?? 0);
    const member = new Member(`m${++serial}`, peer, this.#work, this.#times);
    await member.enter(this.#present);
    this.#present.push(member);
    // A failure is seen at the end of the session, with all the others.
    member.reading.catch(() => {});
    this.#readings.push(member.reading);
  }

  /** Whoever stays hears all that it has said, and then that it has left. @param {Member} member */
  async #leaveAndBeHeard(member) {
    this.#leave(member);
    await Promise.all(this.#present.map((other) => Promise.race([other.settled(), other.reading])));
  }

  /** @param {Member} member */
  #leave(member) {
    this.#present = this.#present.filter((other) => other !== member);
    for (const other of this.#present) other.mustHear(member);
    member.leave();
  }

  /** @param {Member} member */
  #vanish(member) {
    this.#present = this.#present.filter((other) => other !== member);
    member.vanish();
  }
}

class Member {
  name;
  said = 0;
  /** Ends with the connection. @type {Promise<void>} */ reading = Promise.resolve();
  #peer;
  #work;
  #gone = false;
  /** By speaker: the last line that was heard, and whether there was one. @type {Map<string, { last: number, heard: boolean }>} */
  #heard = new Map();
  /** Those who have left in order, and the number of their last line. @type {Map<string, number>} */
  #left = new Map();
  #times;
  #onSettled = () => /** @type {unknown} */ (undefined);

  /** @param {string} name @param {Peer} peer @param {import('../types.js').Work} work @param {Map<string, number>} times */
  constructor(name, peer, work, times) {
    this.name = name;
    this.#times = times;
    this.#peer = peer;
    this.#work = work;
  }

  /** @param {readonly Member[]} present */
  async enter(present) {
    this.#peer.write(`${this.name}\n`);
    this.#expect(await this.#peer.line(), 'Your name?');
    this.#expect(await this.#peer.line(), `Hello ${this.name}.`);
    for (const { name, said } of present) this.#heard.set(name, { last: said, heard: false });
    this.reading = this.#listen();
  }

  say() {
    this.said++;
    this.#times.set(`${this.name}: ${this.said}`, performance.now());
    this.#peer.write(`${this.said}\n`);
    this.#work.count('lines');
  }

  async #listen() {
    try {
      for (;;) this.#hear(await this.#peer.line());
    } catch (error) {
      this.#peer.close();
      if (!(error instanceof Ended && this.#gone)) throw error;
    }
  }

  /** Resolves when it has heard the end of everybody who has left in order. @returns {Promise<void>} */
  settled() {
    return new Promise((resolve) => {
      this.#onSettled = () => this.#left.size === 0 && resolve();
      this.#onSettled();
    });
  }

  /** What is under way to it may be lost from now on: it is not connected any more when that is handled. */
  leave() {
    this.#gone = true;
    this.#left.clear();
    this.#peer.end();
  }

  vanish() {
    this.#gone = true;
    this.#left.clear();
    this.#peer.reset();
  }

  /** @param {Member} leaving */
  mustHear({ name, said }) {
    this.#left.set(name, said);
  }

  /** @param {string} line */
  #hear(line) {
    const spoken = /^(\w+): (\d+)$/.exec(line);
    if (spoken) return this.#hearLine(spoken[1] ?? '', Number(spoken[2]));
    const left = /^\* (\w+) has left$/.exec(line)?.[1];
    if (left !== undefined) return this.#hearEnd(left);
    if (!/^\* \w+ has joined$/.test(line)) throw new Error(`${this.name} has heard "${line}"`);
  }

  /** @param {string} speaker @param {number} number */
  #hearLine(speaker, number) {
    const { last, heard } = this.#heard.get(speaker) ?? { last: 0, heard: false };
    // Lines that were under way at the welcome may come, or not; from the first one on, all must.
    const inOrder = heard ? number === last + 1 : number <= last + 1;
    if (!inOrder) throw new Error(`${this.name} has heard line ${number} of ${speaker} after ${last}`);
    this.#heard.set(speaker, { last: number, heard: true });
    this.#work.count('lines heard');
    const since = this.#times.get(`${speaker}: ${number}`);
    if (since !== undefined) this.#work.took(since);
  }

  /** @param {string} speaker */
  #hearEnd(speaker) {
    const said = this.#left.get(speaker);
    const last = this.#heard.get(speaker)?.last ?? 0;
    if (said !== undefined && last !== said)
      throw new Error(`${this.name} has heard ${last} lines of ${speaker}, who has said ${said}`);
    this.#left.delete(speaker);
    this.#onSettled();
  }

  /** @param {string} received @param {string} expected */
  #expect(received, expected) {
    if (received !== expected) throw new Error(`${this.name} has heard "${received}", not "${expected}"`);
  }
}

// @ts-check
/**
 * An SMTP server with every fault that one can have: not there for a while, slow, silent, losing connections in the
 * middle of a mail or of its answer, refusing for now or for good. What it has taken goes into the ledger.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { SMTPServer } from 'smtp-server';
import { integer, pick } from './random.js';

/** It is there for so long, and gone for so long, milliseconds at most. */
const THERE_MS = 8000;
const GONE_MS = 1500;
/** Longer than the daemon waits. */
const SILENCE_MS = 2500;
const SLOW_MS = 150;

/** How a mail is dealt with. Most are taken. */
const PLANS = /** @type {const} */ ([
  ...Array(40).fill('take'),
  ...['slow', 'slow', 'busy', 'refuse', 'refuseSender', 'refuseRecipient', 'refuseSome'],
  ...['goodbye', 'hangUp', 'hangUp', 'lose', 'loseAnswer', 'silent'],
]);

/** @typedef {import('smtp-server').SMTPServerSession} Session */
/** @typedef {(error?: Error | null) => void} Callback */

export class FaultySmtp {
  #random;
  #ledger;
  #port;
  #faulty = true;
  #there = false;
  #closed = false;
  /** @type {SMTPServer | undefined} */ #server;
  /** @type {NodeJS.Timeout | undefined} */ #timer;
  /** By session. @type {Map<string, string>} */ #plans = new Map();
  /** How often each fault has struck. @type {Record<string, number>} */ counts = {};

  /** @param {number} port @param {() => number} random @param {import('./ledger.js').Ledger} ledger */
  constructor(port, random, ledger) {
    this.#port = port;
    this.#random = random;
    this.#ledger = ledger;
  }

  async start() {
    await this.#open();
    this.#timer = setTimeout(() => this.#vanish(), integer(this.#random, 1000, THERE_MS));
  }

  /** Whether it has faults from now on; without them the daemon's queue empties. @param {boolean} faulty */
  setFaulty(faulty) {
    this.#faulty = faulty;
  }

  async close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#end();
  }

  async #open() {
    const server = new SMTPServer({
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      closeTimeout: 50,
      logger: false,
      onMailFrom: (_, session, callback) => this.#plan(session, callback),
      onRcptTo: ({ address }, session, callback) => callback(this.#refusal(address, session)),
      // A connection that ends in the middle of a mail: nothing has been taken.
      onData: (...received) => void this.#data(...received).catch(() => this.#struck('cut')),
    });
    // Clients that go away are a part of this.
    server.on('error', () => {});
    this.#server = server;
    const listener = server.listen(this.#port, '127.0.0.1');
    await once(listener, 'listening');
    this.#there = true;
  }

  #end() {
    this.#there = false;
    return new Promise((resolve) => {
      if (this.#server) this.#server.close(() => resolve(undefined));
      else resolve(undefined);
    });
  }

  async #vanish() {
    if (this.#faulty) {
      this.#struck('gone');
      await this.#end();
      await sleep(integer(this.#random, 100, GONE_MS));
      if (this.#closed) return;
      await this.#open();
    }
    this.#timer = setTimeout(() => this.#vanish(), integer(this.#random, 1000, THERE_MS));
  }

  /** @param {Session} session @param {Callback} callback */
  #plan(session, callback) {
    const plan = this.#faulty ? pick(this.#random, PLANS) : 'take';
    this.#plans.set(session.id, plan);
    this.#struck(plan);
    if (plan === 'hangUp') this.#lose(session);
    else if (plan === 'slow') setTimeout(callback, SLOW_MS);
    else callback(plan === 'refuseSender' ? reply(550, 'not from you') : null);
  }

  /** @param {string} address @param {Session} session */
  #refusal(address, session) {
    const plan = this.#plans.get(session.id);
    const all = plan === 'refuseRecipient';
    return all || (plan === 'refuseSome' && !address.startsWith('user0')) ? reply(550, 'unknown') : null;
  }

  /** @param {import('node:stream').Readable} stream @param {Session} session @param {Callback} callback */
  async #data(stream, session, callback) {
    const server = this.#server;
    const plan = this.#plans.get(session.id);
    if (plan === 'lose') return this.#lose(session);
    let text = '';
    for await (const chunk of stream.setEncoding('latin1')) text += chunk;
    const id = /^Subject: (\w+)/m.exec(text)?.[1] ?? '';
    if (plan === 'busy') return callback(reply(451, 'try again later'));
    if (plan === 'refuse') return callback(reply(554, 'no'));
    if (plan === 'goodbye') return callback(reply(421, 'closing'));
    if (plan === 'silent' || plan === 'slow') await sleep(plan === 'slow' ? SLOW_MS : SILENCE_MS);
    // Who goes says so to all who wait (421), and has not taken what it has not confirmed.
    if (!this.#there || this.#server !== server) return callback(reply(421, 'closing'));
    this.#ledger.taken(id);
    if (plan === 'loseAnswer') this.#lose(session);
    else callback();
  }

  /** @param {Session} session */
  #lose({ id }) {
    const connections = /** @type {Set<{ id: string, _socket: import('node:net').Socket }>} */ (
      /** @type {unknown} */ (this.#server?.connections)
    );
    for (const connection of connections) if (connection.id === id) connection._socket.destroy();
  }

  /** @param {string} fault */
  #struck(fault) {
    this.counts[fault] = (this.counts[fault] ?? 0) + 1;
  }
}

/** @param {number} code @param {string} text */
function reply(code, text) {
  return Object.assign(new Error(text), { responseCode: code });
}

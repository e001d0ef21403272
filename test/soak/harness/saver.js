// @ts-check
/**
 * Somebody who edits the applications all the time: saves, mistakes and their mending, deletions. Each step waits for
 * the daemon to say what it has made of it, and looks whether the application answers as it should.
 */
import { ask } from '../../bench/harness/client.js';
import { pick } from './random.js';

/** Between two edits of one application, milliseconds. */
const PAUSE_MS = 400;
/** Of the mail application, whose versions stay until their mails are done. */
const MAIL_PAUSE_MS = 4000;

/** What is wrong → what the daemon says about it. */
const MISTAKES = /** @type {const} */ ({
  syntax: ['server:start(', 'application /broken not reloaded'],
  runtime: ['local nothing = nil; nothing.field = 1', 'application /broken rolled back'],
  endless: ['while true do end', 'application /broken rolled back'],
  hungry: ['local text = "x" while true do text = text .. text end', 'application /broken rolled back'],
});

/** @typedef {import('./daemon.js').Daemon} Daemon */
/** @typedef {{ daemon: Daemon, text: string, port: number }} Target */

export class Saver {
  #random;
  #ending = false;
  /** @type {Promise<void>[]} */ #running = [];
  #versions = 1;
  /** What /broken answers. */
  #sound = '1';
  /** @type {string[]} */ failures = [];
  /** @type {Record<string, number>} */ counts = {};

  /** @param {() => number} random */
  constructor(random) {
    this.#random = random;
  }

  /** @param {Readonly<Record<'counter' | 'mail' | 'broken' | 'gone' | 'lines', Target>>} targets */
  start({ counter, mail, broken, gone, lines }) {
    this.#ending = false;
    this.#running = [
      this.#repeat(PAUSE_MS, () => this.#save('counter', counter)),
      this.#repeat(MAIL_PAUSE_MS, () => this.#save('mail', mail)),
      this.#repeat(PAUSE_MS, () => this.#saveVersion('lines', lines)),
      this.#repeat(PAUSE_MS, () => this.#breakAndMend(broken)),
      this.#repeat(PAUSE_MS, () => this.#deleteAndCreate(gone)),
    ];
  }

  /** Resolves when all applications run as they should. */
  async rest() {
    this.#ending = true;
    await Promise.all(this.#running);
  }

  /** @param {number} ms @param {() => Promise<unknown>} edit */
  async #repeat(ms, edit) {
    while (!this.#ending) {
      try {
        await edit();
      } catch (error) {
        this.failures.push(`an edit: ${error instanceof Error ? error.message : error}`);
      }
      await new Promise((resolve) => setTimeout(resolve, ms * (0.5 + this.#random())));
    }
  }

  /** The same again, but another text. @param {string} application @param {Target} target */
  async #save(application, { daemon, text }) {
    const reloaded = daemon.line(new RegExp(`application /${application} reloaded`));
    daemon.write(application, `${text}-- ${this.#versions++}\n`);
    await reloaded;
    this.#count('reloads');
  }

  /** A version that answers by its number. @param {string} application @param {Target} target */
  async #saveVersion(application, target) {
    const version = String(++this.#versions);
    const text = target.text.replace('local version = "1"', `local version = "${version}"`);
    await this.#save(application, { ...target, text });
    const answer = await ask(target.port, '?');
    if (answer !== version) throw new Error(`/${application} is version ${answer}, not ${version}`);
    return version;
  }

  /** @param {Target} target */
  async #breakAndMend(target) {
    const version = this.#sound;
    const kind = pick(this.#random, /** @type {(keyof typeof MISTAKES)[]} */ (Object.keys(MISTAKES)));
    const [mistake, line] = MISTAKES[kind];
    const noticed = target.daemon.line(new RegExp(line));
    target.daemon.write('broken', `${target.text}${mistake}\n`);
    await noticed;
    this.#count(`mistakes: ${kind}`);
    const answer = await ask(target.port, '?');
    if (answer !== version) throw new Error(`after a ${kind} mistake version ${answer} runs, not ${version}`);
    this.#sound = await this.#saveVersion('broken', target);
  }

  /** @param {Target} target */
  async #deleteAndCreate(target) {
    const { daemon, text, port } = target;
    const stopped = daemon.line(/application \/gone stopped/);
    daemon.remove('gone');
    await stopped;
    if (
      await ask(port, '?').then(
        () => true,
        () => false,
      )
    )
      throw new Error('/gone answers after its end');
    const started = daemon.line(/application \/gone started/);
    daemon.write('gone', text);
    await started;
    const answer = await ask(port, '?');
    if (answer !== 'here') throw new Error(`/gone answers "${answer}"`);
    // It is followed like any other.
    await this.#save('gone', target);
    this.#count('deletions');
  }

  /** @param {string} what */
  #count(what) {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

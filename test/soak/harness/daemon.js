// @ts-check
/**
 * A daemon under test: the built program in a process of its own, with the probe. Owns its folder, its log lines and
 * the question channel. It is in a process group of its own: Ctrl-C is for the soak, which then stops it.
 */
import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Asker } from '../../bench/harness/asker.js';
import { BINARY, withPort } from '../../bench/harness/servers.js';
import { readSnapshot } from './snapshot.js';

const PROBE = new URL('./probe.js', import.meta.url).href;
const APPS = fileURLToPath(new URL('../apps/', import.meta.url));
const CHAT = fileURLToPath(new URL('../../../scripts/chat/main.lua', import.meta.url));

/** What the root application calls in each of the others. */
const MEMORY = 'function luaMemory() collectgarbage() collectgarbage() return collectgarbage("count") end; ';

/** A line of the log that is waited for may take this long, milliseconds. */
const PATIENCE_MS = 30_000;

/** @typedef {import('../types.js').Counts} Counts @typedef {import('../types.js').Inside} Inside */

export class Daemon {
  /** @type {string} */ name;
  /** Of its applications. */ folder;
  #root;
  #child;
  #asker;
  #exit;
  /** @type {Set<(line: string) => void>} */ #listeners = new Set();

  /**
   * @param {string} name
   * @param {string} ini
   * @param {Readonly<Record<string, string>>} applications name → text of its main.lua; "" is the root
   */
  constructor(name, ini, applications) {
    this.name = name;
    this.#root = mkdtempSync(join(tmpdir(), 'cumulus-soak-'));
    this.folder = join(this.#root, 'www');
    for (const [application, text] of Object.entries(applications)) this.write(application, text);
    const file = join(this.#root, 'CumulusServer.ini');
    writeFileSync(file, ini);
    const options = ['--expose-gc', '--import', PROBE, BINARY, '--config', file];
    this.#child = spawn(process.execPath, options, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    this.#asker = new Asker(this.#child, `the daemon ${name}`);
    this.#exit = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(signal ?? code));
    });
    for (const output of [this.#child.stdout, this.#child.stderr])
      if (output) createInterface(output).on('line', (line) => this.#heard(line));
  }

  /** @param {(line: string) => void} listener of every line of its output */
  onLine(listener) {
    this.#listeners.add(listener);
  }

  /** Resolves with the next line that matches. @param {RegExp} wanted @returns {Promise<string>} */
  line(wanted) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#listeners.delete(listener);
        reject(new Error(`${this.name}: no line ${wanted} within ${PATIENCE_MS / 1000} s`));
      }, PATIENCE_MS);
      const listener = (/** @type {string} */ line) => {
        if (!wanted.test(line)) return;
        clearTimeout(late);
        this.#listeners.delete(listener);
        resolve(line);
      };
      this.onLine(listener);
    });
  }

  /** @param {string} application @param {string} text */
  write(application, text) {
    const file = join(this.folder, application, 'main.lua');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** @param {string} application */
  remove(application) {
    rmSync(join(this.folder, application), { recursive: true });
  }

  /** What keeps its event loop alive. @returns {Promise<string[]>} */
  async resources() {
    return /** @type {string[]} */ (await this.#asker.ask({ method: 'resources' }));
  }

  /** After a collection. @returns {Promise<Inside>} */
  async inside() {
    return /** @type {Inside} */ (await this.#asker.ask({ method: 'figures' }));
  }

  /** Its objects by class, and the registry slots of its Lua machines. */
  async objects() {
    const file = join(this.#root, 'soak.heapsnapshot');
    await this.#asker.ask({ method: 'snapshot', file });
    const { classes, machines } = readSnapshot(file);
    rmSync(file);
    return { classes, slots: Number(await this.#asker.ask({ method: 'slots', objects: machines })) };
  }

  /** Open file descriptors by kind; none where there is no /proc. @returns {Record<string, number>} */
  descriptors() {
    const folder = `/proc/${this.#child.pid}/fd`;
    /** @type {Record<string, number>} */
    const counts = {};
    try {
      for (const name of readdirSync(folder)) {
        const kind = readlinkSync(join(folder, name)).replace(/:?\[.*/, '');
        counts[kind] = (counts[kind] ?? 0) + 1;
      }
    } catch (error) {
      if (process.platform === 'linux') throw error;
    }
    return counts;
  }

  /** Stops it as an operator does. @returns {Promise<unknown>} its exit code, or the signal that has ended it */
  async stop() {
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    const code = await this.#exit;
    clearTimeout(late);
    return code;
  }

  /** For the end: whatever happened, nothing is left. */
  async dispose() {
    this.#child.kill('SIGKILL');
    await this.#exit;
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** @param {string} line */
  #heard(line) {
    for (const listener of [...this.#listeners]) listener(line);
  }
}

/** The text of an application of apps/ on a port. @param {string} name @param {number} port */
export function scriptOf(name, port) {
  const file = name === 'chat' ? CHAT : join(APPS, name, 'main.lua');
  return withPort(MEMORY + readFileSync(file, 'utf8').replace(/^local PORT = .*$/m, ''), port);
}

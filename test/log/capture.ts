/**
 * Destinations for the tests of the logger: a named pipe with a reader that can wait for a line, and scratch folders.
 *
 * Real pipes and files; nothing of the logger's own is stood in for.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that is removed after the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cumulus-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A pipe: `fd` is the end to write to. It is not read before read() or line() is called. */
export class Pipe {
  readonly fd: number;
  readonly #reader: Socket;
  #text = '';
  #onData: () => void = () => undefined;
  readonly #ended: Promise<void>;

  constructor() {
    const path = join(scratchFolder(), 'pipe');
    execFileSync('mkfifo', [path]);
    const end = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.fd = openSync(path, constants.O_WRONLY);
    this.#reader = new Socket({ fd: end, readable: true, writable: false });
    this.#reader.setEncoding('utf8').pause();
    this.#reader.on('data', (text: string) => {
      this.#text += text;
      this.#onData();
    });
    this.#ended = new Promise((resolve) => this.#reader.once('close', () => resolve()));
    onTestFinished(() => this.hangUp());
  }

  /** Resolves to the last of the first `count` lines that match, once there are so many. */
  line(pattern: RegExp, count = 1): Promise<string> {
    return new Promise((resolve) => {
      this.#onData = () => {
        const found = this.#text
          .split('\n')
          .slice(0, -1)
          .filter((line) => pattern.test(line))[count - 1];
        if (found !== undefined) resolve(found);
      };
      this.#onData();
      this.#reader.resume();
    });
  }

  /** Closes the end to write to, and resolves to everything that was written. */
  async read(): Promise<string> {
    closeSync(this.fd);
    this.#reader.resume();
    await this.#ended;
    return this.#text;
  }

  /** The reader goes away. */
  async hangUp(): Promise<void> {
    this.#reader.destroy();
    await this.#ended;
  }
}

/**
 * The built program as a child process: started, waited for, signalled, its end looked at. What ends the process, or
 * shows on its console, cannot be tried inside the test's own. It is built by `npm run build`.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type ApplicationFolder, applicationFolder, type Files, temporaryFolder } from './server.js';

const ROOT = new URL('../../', import.meta.url).pathname;
export const BINARY = join(ROOT, 'bin/cumulus-server.js');

/** A test of an old build passes and fails for the wrong reasons. */
function checkBuild(): void {
  const built = statSync(join(ROOT, 'dist/cli.cjs'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const newer = sources.find((name) => {
    const stat = statSync(join(ROOT, 'src', name));
    return stat.isFile() && stat.mtimeMs > built;
  });
  if (newer !== undefined) throw new Error(`dist/ is older than src/${newer}: npm run build`);
}

checkBuild();

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  /** Current folder of the process. */
  readonly cwd?: string;
  /** Added to the test's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The most file descriptors that it may have open. */
  readonly openFiles?: number;
}

export class Daemon {
  readonly pid: number;
  /** Resolves when the process has ended and its output is complete. */
  readonly ended: Promise<Ended>;
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  #stdout = '';
  #stderr = '';
  #over = false;
  #waiting: (() => void)[] = [];

  /** @param command what is run, with its arguments */
  constructor(
    command: string,
    args: readonly string[],
    { cwd = process.cwd(), env = {}, openFiles }: ProcessOptions = {},
  ) {
    const limit = `ulimit -n ${openFiles} && exec "$0" "$@"`;
    const [file, rest] = openFiles === undefined ? [command, args] : ['sh', ['-c', limit, command, ...args]];
    const child = spawn(file, rest, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.pid = child.pid ?? 0;
    child.stdout.setEncoding('utf8').on('data', (text) => {
      this.#stdout += text;
      this.#wake();
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#stderr += text;
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        this.#over = true;
        this.#wake();
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /**
   * Resolves with the first complete line, of stdout or of stderr, that matches.
   * @throws when the process ends without it
   */
  async waitFor(wanted: string | RegExp): Promise<string> {
    for (;;) {
      const line = this.#find(wanted);
      if (line !== undefined) return line;
      if (this.#over) throw new Error(`ended without ${wanted}:\n${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Resolves when it has printed something more, or has ended. */
  async waitForOutput(): Promise<void> {
    if (!this.#over) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Kills the process if it still runs. For the end of a test; what a stop does is tried with `signal`. */
  async kill(): Promise<void> {
    if (!this.#over) this.child.kill('SIGKILL');
    await this.ended;
  }

  #find(wanted: string | RegExp): string | undefined {
    const lines = [...this.#stdout.split('\n').slice(0, -1), ...this.#stderr.split('\n').slice(0, -1)];
    return lines.find((line) => (typeof wanted === 'string' ? line.includes(wanted) : wanted.test(line)));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Everything that one test has started: its processes and their folders. */
export class Daemons {
  readonly #daemons: Daemon[] = [];
  readonly #folders: string[] = [];

  /**
   * A folder of applications with an ini, as `startServer` makes one, run by the program.
   * @param args in addition to `--config`
   */
  start(
    files: Files,
    ini = '',
    args: readonly string[] = [],
    options?: ProcessOptions,
  ): { daemon: Daemon; place: ApplicationFolder } {
    const place = applicationFolder(files, ini);
    this.#folders.push(place.folder);
    return { daemon: this.run(['--config', place.iniFile, ...args], options), place };
  }

  /** @param args arguments of the command line */
  run(args: readonly string[], options?: ProcessOptions): Daemon {
    return this.runCommand(process.execPath, [BINARY, ...args], options);
  }

  /** Any program; for those that run ours in a special way. */
  runCommand(command: string, args: readonly string[], options?: ProcessOptions): Daemon {
    const daemon = new Daemon(command, args, options);
    this.#daemons.push(daemon);
    return daemon;
  }

  /** An empty folder, removed at the end. */
  folder(): string {
    const folder = temporaryFolder();
    this.#folders.push(folder);
    return folder;
  }

  /** For `afterEach`. */
  async close(): Promise<void> {
    await Promise.all(this.#daemons.splice(0).map((daemon) => daemon.kill()));
    for (const folder of this.#folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  }
}

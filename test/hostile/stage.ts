/**
 * The daemon with two applications: a victim, which hostile peers work on, and a neighbour, which serves an echo
 * meanwhile. Whatever the peers do, the neighbour must not notice, and afterwards the daemon must be as it was.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { expect, vi } from 'vitest';
import { type Daemon, Daemons } from '../support/daemon.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';

// Six processes on two cores: what takes seconds on a quiet machine may take long on a busy one.
vi.setConfig({ testTimeout: 90_000 });

/** The most that hostile peers may add to the 99th percentile of the neighbour's echo, milliseconds. */
const BOUND_MS = 50;

/** The last answers have this long to come, milliseconds. */
const PATIENCE_MS = 10_000;

const LOOK_MS = 20;

const EXPECTED = /^(NOTE|INFO) {2}(cumulus-server|application|\d of)|^WARN .* took \d+ ms, nothing else ran/;

const NEIGHBOUR = `
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    function client:onReception(data) self:send(data) return 0 end
  end
`;

export interface Figures {
  readonly count: number;
  readonly unanswered: number;
  /** 99th percentiles, milliseconds: of what was seen of the neighbour, and of the bare echo. */
  readonly seen: number;
  readonly control: number;
  /** The same of what the neighbour took longer than the bare echo at that moment, in the median second. */
  readonly added: number;
}

/** A process of load/, which is asked to take steps. */
export class Actor {
  readonly #child: ChildProcess;
  #last = 0;

  /** @param file in load/ */
  constructor(file: string) {
    this.#child = fork(new URL(`load/${file}`, import.meta.url), { execArgv: [] });
  }

  /** Resolves with what the step gives. */
  async ask<T>(step: string, options: unknown = {}): Promise<T> {
    const id = ++this.#last;
    this.#child.send({ id, step, options });
    for (;;) {
      const [answer] = (await Promise.race([once(this.#child, 'message'), this.#exit()])) as [Answer<T>];
      if (answer.id !== id) continue;
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer.value as T;
    }
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  async #exit(): Promise<never> {
    await once(this.#child, 'exit');
    throw new Error('the process has ended');
  }
}

interface Answer<T> {
  readonly id: number;
  readonly value?: T;
  readonly error?: string;
}

export class Stage {
  readonly daemon: Daemon;
  /** What the victim's script finds in PORT. */
  readonly port: number;
  readonly #neighbourPort: number;
  readonly #prober = new Actor('prober.js');
  readonly #daemons: Daemons;

  private constructor(daemons: Daemons, daemon: Daemon, port: number, neighbourPort: number) {
    this.#daemons = daemons;
    this.daemon = daemon;
    this.port = port;
    this.#neighbourPort = neighbourPort;
  }

  /** @param victim its main.lua */
  static async open(victim: string, ini = ''): Promise<Stage> {
    const daemons = new Daemons();
    const [port, neighbourPort, controlPort] = [await freePort(), await freePort(), await freePort()];
    const { daemon } = daemons.start(
      {
        'victim/main.lua': `local PORT = ${port} ${victim}`,
        'neighbour/main.lua': `${NEIGHBOUR} assert(server:start(${neighbourPort}))`,
      },
      `[reload]\nenabled=false\n[logs]\nformat=text\n${ini}`,
    );
    const bare = new URL('../bench/bare/echo.js', import.meta.url).pathname;
    daemons.runCommand(process.execPath, [bare, String(controlPort)]);
    await daemon.waitFor('2 of 2 applications running');
    await answers(controlPort);
    const stage = new Stage(daemons, daemon, port, neighbourPort);
    await stage.#prober.ask('open', { neighbourPort, controlPort, pid: daemon.pid });
    return stage;
  }

  /**
   * Has the neighbour measured during `work`, and looks at the daemon afterwards.
   * @param load what `work` uses, closed when it is done: the daemon must get over that, too
   */
  async endure<T>(load: Actor, work: () => Promise<T>): Promise<T> {
    const before = this.openSockets();
    let figures: Figures;
    let result: T;
    try {
      await this.#prober.ask('begin');
      result = await work();
      figures = await this.#prober.ask<Figures>('end', { patience: PATIENCE_MS });
    } finally {
      await load.close();
    }
    expectUndisturbed(figures);
    await this.settled(before);
    return result;
  }

  /** Sockets that the daemon has open; 0 where nobody tells. Node opens other files when it first needs them. */
  openSockets(): number {
    const folder = `/proc/${this.daemon.pid}/fd`;
    if (!existsSync(folder)) return 0;
    return readdirSync(folder).filter((name) => linkOf(`${folder}/${name}`).startsWith('socket:')).length;
  }

  /**
   * The lines that the daemon has logged since its start, except those that are always there, and that something took
   * long, which on a busy machine means nothing.
   */
  log(): string[] {
    const lines = `${this.daemon.stdout}${this.daemon.stderr}`.split('\n').filter((line) => line !== '');
    return lines.filter((line) => !EXPECTED.test(line));
  }

  /** Stops the daemon as an operator would. */
  async close(): Promise<void> {
    this.daemon.signal('SIGTERM');
    await this.daemon.ended;
    await this.#prober.close();
    await this.#daemons.close();
  }

  /**
   * Resolves when the daemon has accepted all that have come, has no more sockets open than before, and the neighbour
   * serves. Else the test runs into its time limit.
   */
  async settled(before: number): Promise<void> {
    while (waitingAt(this.port) > 0 || this.openSockets() > before)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    await answers(this.#neighbourPort);
  }
}

/**
 * What the hostile peers added. On two cores, which load, prober, daemon and other tests share, a process also waits
 * for its turn on a core: that is taken off each probe, for the daemon as the kernel counts it, for the prober by what
 * a bare echo took at the same moment. Where even an idle process waits for longer than the bound, that is the bound:
 * nothing finer can be told there.
 */
function expectUndisturbed(figures: Figures): void {
  if (process.env['HOSTILE_FIGURES']) console.log(expect.getState().currentTestName, figures);
  expect(figures.count).toBeGreaterThan(50);
  expect(figures.unanswered).toBe(0);
  expect(figures.added, JSON.stringify(figures)).toBeLessThanOrEqual(Math.max(BOUND_MS, figures.control));
}

/** How many connections wait to be accepted: the receive queue of what listens at the port. */
function waitingAt(port: number): number {
  const table = '/proc/net/tcp6';
  if (!existsSync(table)) return 0;
  const listening = new RegExp(
    `:${port.toString(16).toUpperCase().padStart(4, '0')} \\w+:0000 0A \\w+:(\\w+) `,
  );
  return Number.parseInt(listening.exec(readFileSync(table, 'latin1'))?.[1] ?? '0', 16);
}

/** Where a file descriptor leads to; it may be closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Resolves when a new connection gets its echo. */
async function answers(port: number): Promise<void> {
  for (;;) {
    const peer = await Peer.connect(port).catch(() => undefined);
    if (peer === undefined) continue;
    peer.send('?');
    const answer = await peer.read(1);
    peer.close();
    expect(answer.toString()).toBe('?');
    return;
  }
}

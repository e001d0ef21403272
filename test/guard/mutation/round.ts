/**
 * One server that runs mutants, several at a time, each in an application of its own with a site of its own: the first
 * as they start, the others as reloads. Beside them are a parent and a neighbour, whose echo tells that all is well.
 *
 * It ends with what was wrong, in words; a mutant's errors are its own and not wrong.
 */
import { rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Census } from '../../support/census.js';
import { freePort, startServer, type TestServer } from '../../support/server.js';
import { Peer } from '../../support/tcp.js';
import { placed, type Site, settingsOf } from './corpora.js';
import type { Mutant } from './mutants.js';
import { Visitors } from './visitors.js';

/** What no script may cause. */
const DEFECT =
  /internal error|machine broke|following changes failed|no time limits|cannot be ended|(?:Type|Range|Reference)Error/;

/** The process ends: nobody will ask what was wrong. */
const ABORT = /cannot be ended/;

const PARENT = `store, calls = {}, 0
  function greet(name) calls = calls + 1 return "Hello " .. tostring(name) end
  function call(f, ...) return f(...) end
  function fail(reason) error(reason) end`;

const echoOn = (port: number) => `server = cumulus:createTCPServer()
  function server:clientHandler(client)
    function client:onReception(data) self:send(data) end
  end
  assert(server:start(${port}))`;

/** What is decided once for all rounds: ports are not taken anew for each. */
export interface Stage {
  readonly sites: readonly Site[];
  readonly echoPort: number;
}

export async function stageOf(count: number): Promise<Stage> {
  const deadPort = await freePort();
  const sites: Site[] = [];
  for (let i = 0; i < count; i++)
    sites.push({ name: `m${i}`, port: await freePort(), secondPort: await freePort(), deadPort });
  return { sites, echoPort: await freePort() };
}

export class Round {
  readonly problems: string[] = [];
  /** What scripts did wrong, and nobody caught. */
  readonly errors: string[] = [];
  readonly #stage: Stage;
  readonly #census: Census;
  readonly #timeout: number;
  /** Everything that has run so far, by site. */
  readonly #history = new Map<string, Mutant[]>();
  #server: TestServer | undefined;
  #neighbour: Peer | undefined;
  #echoes = 0;

  /** @param timeout of one entry into a script, milliseconds */
  constructor(stage: Stage, census: Census, timeout = 100) {
    this.#stage = stage;
    this.#census = census;
    this.#timeout = timeout;
  }

  /** Starts the server with these mutants, at most one for each site, and visits them. */
  async start(mutants: readonly Mutant[]): Promise<void> {
    const { sites, echoPort } = this.#stage;
    const parts = mutants.map((mutant, i) => this.#place(sites[i], mutant));
    const files = Object.assign({ 'main.lua': PARENT, 'echo/main.lua': echoOn(echoPort) }, ...parts);
    this.#server = await startServer(files, iniOf(sites, this.#timeout));
    this.#server.log.onLine = (text) =>
      ABORT.test(text) && writeSync(2, `${text}\n${this.#suspects(text)}\n`);
    // Another address than the mutants', which may put theirs on the blacklist.
    this.#neighbour = await Peer.connect(echoPort, '::1');
    await this.#visit();
  }

  /** Replaces the applications by other mutants, and visits them. */
  async reload(mutants: readonly Mutant[]): Promise<void> {
    const server = this.#server;
    if (!server) return;
    for (const [i, mutant] of mutants.entries()) {
      const site = this.#stage.sites[i];
      if (!site) continue;
      // What the one before has written is not this one's.
      rmSync(join(server.folder, 'www', site.name), { recursive: true, force: true });
      for (const [file, text] of Object.entries(this.#place(site, mutant))) server.write(file, text);
    }
    await server.server.refresh();
    await this.#visit();
  }

  async stop(): Promise<void> {
    this.#neighbour?.close();
    await this.#server?.stop();
    this.#judge();
    this.#server = undefined;
  }

  async #visit(): Promise<void> {
    const ports = this.#stage.sites.flatMap(({ port, secondPort }) => [port, secondPort]);
    const visitors = new Visitors(ports);
    try {
      await visitors.arrive();
      await this.#echo();
      for (let step = 0; visitors.speak(step); step++) await this.#echo();
      visitors.leave();
      await this.#echo();
    } finally {
      await visitors.close();
    }
    await this.#echo();
    this.#judge();
  }

  /** What has been sent before has been looked at by the server when the answer is there. */
  async #echo(): Promise<void> {
    const text = `${this.#echoes++}\n`;
    this.#neighbour?.send(text);
    const answer = await this.#neighbour?.readUntil();
    if (answer !== text) this.problems.push(`the neighbour answered ${answer} to ${text}`);
  }

  #judge(): void {
    for (const { text, level } of this.#server?.log.lines.splice(0) ?? []) {
      if (level === 'error' && text.startsWith('application ')) this.errors.push(text);
      if (DEFECT.test(text)) this.#note(text);
    }
    const machines = this.#census.slots();
    const usual = machines.find(({ title }) => title === '/echo')?.extra;
    for (const { title, extra } of machines)
      if (title !== '/' && extra !== usual) this.#note(`${title} has ${extra} registry slots, not ${usual}`);
    for (const title of this.#census.openAfterEnd()) this.#note(`${title} has ended with open objects`);
  }

  #note(text: string): void {
    this.problems.push(`${text}\n${this.#suspects(text)}`);
  }

  /** The mutants that a text may be about: all that have run at the site, as one leaves its traces to the next. */
  #suspects(text: string): string {
    const [, site = ''] = /\/(m\d+)\b/.exec(text) ?? [];
    return (this.#history.get(site) ?? []).map(({ seed, what }) => `  ${seed} ${what}`).join('\n');
  }

  #place(site: Site | undefined, mutant: Mutant): Readonly<Record<string, string>> {
    if (!site) throw new Error('more mutants than sites');
    this.#history.set(site.name, [...(this.#history.get(site.name) ?? []), mutant]);
    const files = Object.entries(placed(mutant.files, site));
    return Object.fromEntries(files.map(([file, text]) => [`${site.name}/${file}`, text]));
  }
}

function iniOf(sites: readonly Site[], timeout: number): string {
  const dead = sites[0]?.deadPort;
  return `[reload]\nenabled=false\n[smtp]\nhost=127.0.0.1\nport=${dead}\n[lua]\ntimeout=${timeout}\nabort=20\nmemory=32\n
[tcp]\nreceiveLimit=1M\nsendLimit=4M\n${sites.map(settingsOf).join('')}`;
}

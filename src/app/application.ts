/**
 * One folder = one application = one VM at a time: loading it, its events, replacing it by a new version, stopping it.
 *
 * Nothing that a script does is thrown out of here: a failure is logged with the application's path, and the state
 * says so. One start or reload is in flight at a time; what is asked for meanwhile follows.
 */
import { join } from 'node:path';
import { CumulusError, messageOf } from '../errors.js';
import type { LuaValue } from '../lua/table.js';
import { isApplication, MAIN, type Place, titleOf } from './discovery.js';
import { Draining } from './draining.js';
import { Generation, type GenerationEvents } from './generation.js';
import { Restart } from './restart.js';
import type { Services } from './services.js';

export type State =
  | { readonly name: 'stopped' }
  | { readonly name: 'starting' }
  | { readonly name: 'running'; readonly generation: Generation }
  | { readonly name: 'failed'; readonly error: string };

/** `onManage` is called this often, milliseconds. */
export const MANAGE_MS = 2000;

export class Application implements GenerationEvents {
  readonly place: Place;
  readonly #services: Services;
  readonly #draining: Draining;
  readonly #restart = new Restart();
  #state: State = { name: 'stopped' };
  /** The version whose files are the ones to watch: the newest that was tried, running or not. */
  #lastTried: Generation | undefined;
  /** The first version, whose VM is ready and which has not run. */
  #prepared: Generation | undefined;
  #manage: NodeJS.Timeout | undefined;
  #generations = 0;
  /** The start or reload in flight. */
  #busy: Promise<void> | undefined;
  /** Why another reload follows the one in flight. */
  #next: string | undefined;

  constructor(place: Place, services: Services) {
    this.place = place;
    this.#services = services;
    this.#draining = new Draining(this.title, services.logger);
  }

  get state(): State {
    return this.#state;
  }

  get title(): string {
    return titleOf(this.place.path);
  }

  /**
   * Makes all that `start` needs to run the application in one turn, so that another one which asks for it earlier
   * finds it: it is started then.
   */
  prepare(): Promise<void> {
    return this.#exclusively(() => this.#prepare());
  }

  /** Loads and runs the application; afterwards it is running or failed. */
  start(): Promise<void> {
    return this.#exclusively(() => this.#start());
  }

  /**
   * Replaces the running version by the one on the disk, or starts one that has failed.
   * @param cause the file that has changed, for the log
   */
  reload(cause: string): Promise<void> {
    if (!this.#busy) return this.#exclusively(() => this.#reload(cause));
    this.#next = cause;
    return this.#busy;
  }

  /** `onStop`, then its sockets are closed; mails on their way may still report until `dispose`. */
  stop(): void {
    clearInterval(this.#manage);
    this.#restart.cancel();
    this.#next = undefined;
    const state = this.#state;
    this.#state = { name: 'stopped' };
    this.#takePrepared()?.dispose();
    if (state.name === 'running') this.#retire(state.generation);
    this.#draining.closeConnections();
  }

  dispose(): void {
    this.#draining.dispose();
  }

  /** True when a change of `file` is one of this application. */
  concerns(file: string): boolean {
    return this.#lastTried?.sources.concerns(file) ?? file === join(this.place.folder, MAIN);
  }

  /** A file of the application that has changed since it was read. */
  firstChanged(): string | undefined {
    return this.#lastTried?.sources.firstChanged();
  }

  /** The files that the application consists of. */
  get files(): readonly string[] {
    return this.#lastTried?.sources.files ?? [];
  }

  broken(generation: Generation, reason: string): void {
    const state = this.#state;
    // A version that is not the current one: a reload that fails, or one that drains.
    if (state.name !== 'starting' && (state.name !== 'running' || state.generation !== generation)) return;
    clearInterval(this.#manage);
    this.#state = { name: 'failed', error: reason };
    const pause = this.#restart.schedule(() => void this.reload('its Lua machine'));
    this.#error(
      `application ${this.title}: its Lua machine broke in ${reason}; its sockets are closed, it starts again in ${pause / 1000} s`,
    );
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    this.#busy = this.#untilQuiet(work).finally(() => {
      this.#busy = undefined;
    });
    return this.#busy;
  }

  async #untilQuiet(work: () => Promise<void>): Promise<void> {
    await work();
    for (let cause = this.#next; cause !== undefined; cause = this.#next) {
      this.#next = undefined;
      await this.#reload(cause);
    }
  }

  async #start(): Promise<void> {
    if (this.#state.name === 'stopped') await this.#prepare();
    this.#begin();
  }

  async #startAgain(): Promise<void> {
    await this.#prepare();
    this.#begin();
  }

  async #prepare(): Promise<void> {
    this.#state = { name: 'starting' };
    this.#restart.cancel();
    try {
      const generation = await this.#create();
      this.#lastTried = generation;
      if (this.#state.name !== 'starting') return generation.dispose();
      this.#prepared = generation;
      this.#services.tree.offer(this.place.path, () => this.#begin());
    } catch (error) {
      this.#failedToStart(error);
    }
  }

  /** Runs the first version, unless it has run already. */
  #begin(): void {
    const generation = this.#takePrepared();
    if (!generation) return;
    try {
      generation.run();
      this.#running(generation);
      this.#services.logger.info(`application ${this.title} started`);
    } catch (error) {
      generation.dispose();
      this.#failedToStart(error);
    }
  }

  #takePrepared(): Generation | undefined {
    const generation = this.#prepared;
    this.#prepared = undefined;
    this.#services.tree.offer(this.place.path, undefined);
    return generation;
  }

  #failedToStart(error: unknown): void {
    if (this.#state.name !== 'starting') return;
    const message = explain(error);
    this.#state = { name: 'failed', error: message };
    this.#error(`application ${this.title} not started: ${message}`);
  }

  async #reload(cause: string): Promise<void> {
    const state = this.#state;
    if (state.name !== 'running') return state.name === 'failed' ? this.#startAgain() : undefined;
    const begun = performance.now();
    const old = state.generation;
    const created = await this.#createBoth(old, cause);
    if (!created) return;
    const [again, next] = created;
    if (this.#state === state) this.#lastTried = next;
    // Stopped meanwhile, or its machine broke. The gate looks first, so that a main.lua that is not there is one to wait
    // for: it is gone, and the application about to be stopped, or it is being written again.
    const passes = this.#state === state && this.#passes(next, old, cause);
    if (passes && isApplication(this.place)) this.#swap(old, next, again, { cause, begun });
    else next.dispose();
    if (this.#state.name !== 'running' || this.#state.generation !== again) again.dispose();
  }

  /** The old version once more, to come back to, and the new one; undefined, and logged, when they cannot be made. */
  async #createBoth(old: Generation, cause: string): Promise<readonly [Generation, Generation] | undefined> {
    const made = await Promise.allSettled([this.#create(old), this.#create()]);
    const [again, next] = made;
    if (again.status === 'fulfilled' && next.status === 'fulfilled') return [again.value, next.value];
    for (const one of made) if (one.status === 'fulfilled') one.value.dispose();
    const failed = made.find((one) => one.status === 'rejected');
    if (this.#state.name === 'running') this.#notReloaded(old, cause, failed?.reason);
    return undefined;
  }

  #create(like?: Generation): Promise<Generation> {
    const number = like ? like.number : this.#generations + 1;
    return Generation.create(this.place, number, this.#services, this, like?.sources);
  }

  /** The gate: every file of the old version, as it is now, must be Lua before the old version hears of it. */
  #passes(next: Generation, old: Generation, cause: string): boolean {
    try {
      next.check(old.sources.files);
      return true;
    } catch (error) {
      this.#notReloaded(old, cause, error);
      return false;
    }
  }

  #notReloaded(old: Generation, cause: string, error: unknown): void {
    this.#error(
      `application ${this.title} not reloaded (${cause}), generation ${old.number} goes on: ${explain(error)}`,
    );
  }

  /** In one turn of the event loop: nothing can connect, arrive or be lost between the old version and the new. */
  #swap(
    old: Generation,
    next: Generation,
    again: Generation,
    { cause, begun }: { cause: string; begun: number },
  ): void {
    clearInterval(this.#manage);
    const { network, config, logger } = this.#services;
    const before = old.connections;
    const { drain } = config.reload;
    const state = this.#retire(old, drain);
    next.sources.inherit(old.sources);
    const failure = this.#tryRun(next, state);
    if (failure === undefined) {
      const what = drain > 0 ? `${before} connections draining` : `${before} connections closed`;
      const took = Math.round(performance.now() - begun);
      logger.note(
        `application ${this.title} reloaded as generation ${next.number}: ${cause} changed, ${took} ms, ${what}`,
      );
    } else {
      this.#rollBack(again, state, `${cause} changed, but it failed: ${failure}`);
    }
    network.closeParked();
  }

  #rollBack(again: Generation, state: LuaValue, why: string): void {
    const failure = this.#tryRun(again, state);
    const outcome =
      failure === undefined
        ? `generation ${again.number} is back`
        : `generation ${again.number} failed, too: ${failure}`;
    this.#error(`application ${this.title} rolled back: ${why}; ${outcome}`);
    if (failure !== undefined) this.#state = { name: 'failed', error: failure };
  }

  /** @returns why it failed; what it had opened is closed then, and what listens is parked */
  #tryRun(generation: Generation, state: LuaValue): string | undefined {
    try {
      generation.run(state);
      this.#running(generation);
      return undefined;
    } catch (error) {
      generation.close(true);
      this.#draining.add(generation, 0);
      return explain(error);
    }
  }

  #running(generation: Generation): void {
    this.#generations = Math.max(this.#generations, generation.number);
    this.#state = { name: 'running', generation };
    this.#restart.started();
    this.#manage = setInterval(() => generation.manage(), MANAGE_MS);
    generation.manage();
  }

  /** Ends a version. What it is still to do – connections that drain, mails on their way – keeps its VM until done. */
  #retire(generation: Generation, drain?: number): LuaValue {
    const state = generation.stop();
    generation.close(drain !== undefined, drain !== undefined && drain > 0);
    this.#draining.add(generation, drain ?? 0);
    return state;
  }

  #error(text: string): void {
    this.#services.logger.error(text, { application: this.place.path });
  }
}

/** A user's mistake in its own words; anything else is ours, and says so. */
function explain(error: unknown): string {
  if (error instanceof CumulusError) return error.message;
  const code = (error as NodeJS.ErrnoException).code;
  return code !== undefined
    ? messageOf(error)
    : `internal error: ${(error as Error).stack ?? messageOf(error)}`;
}

/**
 * One folder = one application = one VM at a time: loading it, its events, replacing it by a new version, stopping it.
 *
 * Nothing that a script does is thrown out of here: a failure is logged with the application's path, and the state
 * says so. One start or reload is in flight at a time; what is asked for meanwhile follows.
 */
import { counted } from '../counted.js';
import { explain } from '../errors.js';
import type { Origin } from '../logger.js';
import type { LuaValue } from '../lua/table.js';
import { isApplication, type Place, titleOf } from './discovery.js';
import type { Generation, GenerationEvents } from './generation.js';
import { OneAtATime } from './one-at-a-time.js';
import { Restart } from './restart.js';
import type { Services } from './services.js';
import { type Successors, Versions } from './versions.js';

export type State =
  | { readonly name: 'stopped' }
  | { readonly name: 'starting' }
  | { readonly name: 'running'; readonly generation: Generation }
  | { readonly name: 'failed'; readonly error: string };

interface Reload extends Successors {
  readonly old: Generation;
  /** What has changed, for the log. */
  readonly cause: string;
  /** When it began, milliseconds. */
  readonly begun: number;
}

/** `onManage` is called this often, milliseconds. */
export const MANAGE_MS = 2000;

export class Application implements GenerationEvents {
  readonly place: Place;
  readonly #services: Services;
  readonly #versions: Versions;
  readonly #restart = new Restart();
  /** Starts and reloads. */
  readonly #work = new OneAtATime((cause: string) => this.#reload(cause));
  #state: State = { name: 'stopped' };
  /** The first version, whose VM is ready and which has not run. */
  #prepared: Generation | undefined;
  #manage: NodeJS.Timeout | undefined;

  constructor(place: Place, services: Services) {
    this.place = place;
    this.#services = services;
    this.#versions = new Versions(place, services, this);
  }

  get #origin(): Origin {
    return { application: this.place.path };
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
    return this.#work.run(() => this.#prepare());
  }

  /** Loads and runs the application; afterwards it is running or failed. */
  start(): Promise<void> {
    return this.#work.run(() => this.#start());
  }

  /**
   * Replaces the running version by the one on the disk, or starts one that has failed.
   * @param cause the file that has changed, for the log
   */
  reload(cause: string): Promise<void> {
    return this.#work.request(cause);
  }

  /** `onStop`, then its sockets are closed; mails on their way may still report until `dispose`. */
  stop(): void {
    clearInterval(this.#manage);
    this.#restart.cancel();
    this.#work.forget();
    const state = this.#state;
    this.#state = { name: 'stopped' };
    this.#takePrepared()?.dispose();
    if (state.name === 'running') this.#versions.retire(state.generation);
    this.#versions.closeConnections();
  }

  dispose(): void {
    this.#versions.dispose();
  }

  /** True when a change of `file` is one of this application. */
  concerns(file: string): boolean {
    return this.#versions.concerns(file);
  }

  /** A file of the application that has changed since it was read. */
  firstChanged(): string | undefined {
    return this.#versions.lastTried?.sources.firstChanged();
  }

  /** The files that the application consists of. */
  get files(): readonly string[] {
    return this.#versions.lastTried?.sources.files ?? [];
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
      const generation = await this.#versions.create();
      this.#versions.lastTried = generation;
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
      this.#services.logger.info(`application ${this.title} started`, this.#origin);
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
    const { next, again } = created;
    if (this.#state === state) this.#versions.lastTried = next;
    // Stopped meanwhile, or its machine broke. The gate looks first, so that a main.lua that is not there is one to wait
    // for: it is gone, and the application about to be stopped, or it is being written again.
    const passes = this.#state === state && this.#passes(next, old, cause);
    if (passes && isApplication(this.place)) this.#swap({ old, next, again, cause, begun });
    else next.dispose();
    if (this.#state.name !== 'running' || this.#state.generation !== again) again.dispose();
  }

  /** @returns undefined, and logged, when they cannot be made */
  async #createBoth(old: Generation, cause: string): Promise<Successors | undefined> {
    try {
      return await this.#versions.createBoth(old);
    } catch (error) {
      if (this.#state.name === 'running') this.#notReloaded(old, cause, error);
      return undefined;
    }
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
  #swap({ old, next, again, cause, begun }: Reload): void {
    clearInterval(this.#manage);
    const { network, config, logger } = this.#services;
    const before = old.connections;
    const { drain } = config.reload;
    const state = this.#versions.retire(old, drain);
    next.sources.inherit(old.sources);
    const failure = this.#tryRun(next, state);
    if (failure === undefined) {
      const what = `${counted(before, 'connection')} ${drain > 0 ? 'draining' : 'closed'}`;
      const took = Math.round(performance.now() - begun);
      logger.note(
        `application ${this.title} reloaded as generation ${next.number}: ${cause} changed, ${took} ms, ${what}`,
        this.#origin,
      );
    } else {
      this.#rollBack(again, state, `${cause} changed, but it failed: ${failure}`);
    }
    network.closeParked();
  }

  #rollBack(again: Generation, state: LuaValue, why: string): void {
    const failure = this.#tryRun(again, state);
    if (failure === undefined)
      return this.#error(`application ${this.title} rolled back to generation ${again.number}: ${why}`);
    this.#error(`application ${this.title} not reloaded: ${why}`);
    this.#error(
      `application ${this.title} not rolled back, generation ${again.number} failed, too: ${failure}`,
    );
    this.#state = { name: 'failed', error: failure };
  }

  #tryRun(generation: Generation, state: LuaValue): string | undefined {
    const failure = this.#versions.tryRun(generation, state);
    if (failure === undefined) this.#running(generation);
    return failure;
  }

  #running(generation: Generation): void {
    this.#versions.noteRunning(generation);
    this.#state = { name: 'running', generation };
    this.#restart.started();
    this.#manage = setInterval(() => generation.manage(), MANAGE_MS);
    generation.manage();
  }

  #error(text: string): void {
    this.#services.logger.error(text, this.#origin);
  }
}

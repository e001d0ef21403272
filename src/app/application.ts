/**
 * One folder = one application = one VM at a time: loading it, its events, stopping it, its state.
 *
 * Nothing that a script does is thrown out of here: a failure is logged with the application's path, and the state
 * says so.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CumulusError, messageOf } from '../errors.js';
import { MAIN, type Place, titleOf } from './discovery.js';
import { Generation } from './generation.js';
import type { Services } from './services.js';

export type State =
  | { readonly name: 'stopped' }
  | { readonly name: 'starting' }
  | { readonly name: 'running'; readonly generation: Generation }
  | { readonly name: 'failed'; readonly error: string };

/** `onManage` is called this often, milliseconds. */
export const MANAGE_MS = 2000;

export class Application {
  readonly place: Place;
  readonly #services: Services;
  #state: State = { name: 'stopped' };
  #manage: NodeJS.Timeout | undefined;
  /** Stopped, with mails on their way that will still be reported. */
  readonly #ending = new Set<Generation>();

  constructor(place: Place, services: Services) {
    this.place = place;
    this.#services = services;
  }

  get state(): State {
    return this.#state;
  }

  get title(): string {
    return titleOf(this.place.path);
  }

  /** Loads and runs the application; afterwards it is running or failed. */
  async start(): Promise<void> {
    this.#state = { name: 'starting' };
    let generation: Generation | undefined;
    try {
      const source = readFileSync(join(this.place.folder, MAIN));
      generation = await Generation.create(this.place, this.#services, (reason) => this.#broken(reason));
      generation.run(source);
      this.#running(generation);
    } catch (error) {
      generation?.stop(false);
      generation?.dispose();
      this.#failed(error);
    }
  }

  /** `onStop`, then its sockets are closed; mails on their way may still report until `dispose`. */
  stop(): void {
    clearInterval(this.#manage);
    if (this.#state.name === 'running') {
      this.#state.generation.stop(false);
      this.#ending.add(this.#state.generation);
    }
    this.#state = { name: 'stopped' };
  }

  dispose(): void {
    for (const generation of this.#ending) generation.dispose();
    this.#ending.clear();
  }

  #running(generation: Generation): void {
    this.#state = { name: 'running', generation };
    this.#services.logger.info(`application ${this.title} started`);
    generation.manage();
    this.#manage = setInterval(() => generation.manage(), MANAGE_MS);
  }

  #failed(error: unknown): void {
    const message = error instanceof CumulusError ? error.message : `internal error: ${messageOf(error)}`;
    this.#state = { name: 'failed', error: message };
    this.#services.logger.error(`application ${this.title} not started: ${message}`, {
      application: this.place.path,
    });
  }

  #broken(reason: string): void {
    clearInterval(this.#manage);
    this.#state = { name: 'failed', error: reason };
    this.#services.logger.error(`application ${this.title}: its Lua machine broke: ${reason}`);
  }
}

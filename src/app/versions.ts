/**
 * The versions of one application: making them, running them, ending them. Which one is the application is not known
 * here, only which was tried last and how many there have been.
 */
import { join } from 'node:path';
import { explain } from '../errors.js';
import type { LuaValue } from '../lua/table.js';
import { MAIN, type Place, titleOf } from './discovery.js';
import { Draining } from './draining.js';
import { Generation, type GenerationEvents } from './generation.js';
import type { Services } from './services.js';

/** What can follow a version that runs. */
export interface Successors {
  /** The new version. */
  readonly next: Generation;
  /** The old one once more, to come back to. */
  readonly again: Generation;
}

export class Versions {
  readonly #place: Place;
  readonly #services: Services;
  readonly #events: GenerationEvents;
  readonly #draining: Draining;
  #count = 0;
  /** The version whose files are the ones to watch: the newest that was tried, running or not. */
  lastTried: Generation | undefined;

  constructor(place: Place, services: Services, events: GenerationEvents) {
    this.#place = place;
    this.#services = services;
    this.#events = events;
    this.#draining = new Draining((text) =>
      services.logger.note(`application ${titleOf(place.path)}: ${text}`, { application: place.path }),
    );
  }

  /** A new version, of what is on the disk. */
  create(): Promise<Generation> {
    return this.#create(this.#count + 1);
  }

  /** @throws when one of them cannot be made; the other one is ended then */
  async createBoth(old: Generation): Promise<Successors> {
    const made = await Promise.allSettled([this.#create(old.number, old), this.create()]);
    const [again, next] = made;
    if (next.status === 'fulfilled' && again.status === 'fulfilled')
      return { next: next.value, again: again.value };
    for (const one of made) if (one.status === 'fulfilled') one.value.dispose();
    throw made.find((one) => one.status === 'rejected')?.reason;
  }

  /** It runs: the next new one has a higher number. */
  noteRunning({ number }: Generation): void {
    this.#count = Math.max(this.#count, number);
  }

  /** @returns why it failed; what it had opened is closed then, and what listens is parked */
  tryRun(generation: Generation, state: LuaValue): string | undefined {
    try {
      generation.run(state);
      return undefined;
    } catch (error) {
      generation.close(true);
      this.#draining.add(generation, 0);
      return explain(error);
    }
  }

  /**
   * Ends a version. What it is still to do – connections that drain, mails on their way – keeps its VM until done.
   * @param drain seconds for its connections, with what listens parked; undefined: it ends without a successor
   * @returns what it hands on
   */
  retire(generation: Generation, drain?: number): LuaValue {
    const state = generation.stop();
    generation.close(drain !== undefined, drain !== undefined && drain > 0);
    this.#draining.add(generation, drain ?? 0);
    return state;
  }

  /** Gives up the connections that drain; mails go on. */
  closeConnections(): void {
    this.#draining.closeConnections();
  }

  dispose(): void {
    this.#draining.dispose();
  }

  /** True when a change of `file` is one of this application. */
  concerns(file: string): boolean {
    return this.lastTried?.sources.concerns(file) ?? file === join(this.#place.folder, MAIN);
  }

  #create(number: number, like?: Generation): Promise<Generation> {
    return Generation.create(this.#place, number, this.#services, this.#events, like?.sources);
  }
}

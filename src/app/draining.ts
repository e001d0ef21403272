/**
 * The versions of an application that have been replaced and are not done: their connections drain, their mails are
 * on their way. Each ends, with its VM, when the last of it has closed, or its time is over.
 */
import { counted } from '../counted.js';
import type { Generation } from './generation.js';

export class Draining {
  readonly #note: (text: string) => void;
  /** Those whose connections were closed before they had drained. */
  readonly #overdue = new WeakSet<Generation>();
  readonly #timers = new Map<Generation, NodeJS.Timeout | undefined>();

  /** @param note logs a line about the application */
  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  /** @param seconds how long connections may stay; 0 when they have been closed already */
  add(generation: Generation, seconds: number): void {
    const limited = seconds > 0 && generation.connections > 0;
    const timer = limited ? setTimeout(() => this.#timeOver(generation), seconds * 1000) : undefined;
    this.#timers.set(generation, timer);
    generation.disposeWhenEmpty(() => {
      clearTimeout(this.#timers.get(generation));
      this.#timers.delete(generation);
      if (limited && !this.#overdue.delete(generation))
        this.#note(`generation ${generation.number} has drained`);
    });
  }

  /** Gives up the connections that drain; mails go on. */
  closeConnections(): void {
    for (const [generation, timer] of this.#timers) {
      clearTimeout(timer);
      generation.close(false);
    }
  }

  dispose(): void {
    for (const [generation, timer] of this.#timers) {
      clearTimeout(timer);
      generation.dispose();
    }
    this.#timers.clear();
  }

  #timeOver(generation: Generation): void {
    const { connections } = generation;
    this.#overdue.add(generation);
    this.#note(
      `generation ${generation.number}: time to drain is over, ${counted(connections, 'connection')} closed`,
    );
    generation.close(false);
  }
}

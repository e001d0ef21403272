/**
 * The folder that takes mails in place of a server: one .eml file for each, in the order in which they were sent.
 *
 * Invariant: a file that ends in .eml is complete. It is written under another name and then renamed, so that a program
 * that watches the folder never reads half a mail.
 */
import { promises } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import { DeliveryError, type Message, type Transport } from './transport.js';

export class Outbox implements Transport {
  readonly handedOver = false;
  readonly #folder: string;
  #count = 0;
  #destroyed = false;

  /** @param folder absolute; made when the first mail comes */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async deliver({ bytes }: Message): Promise<undefined> {
    const name = this.#nextName();
    const unfinished = join(this.#folder, `.${name}.part`);
    try {
      await promises.mkdir(this.#folder, { recursive: true });
      await promises.writeFile(unfinished, bytes, { flag: 'wx' });
      if (this.#destroyed) throw new Error('the server is stopping');
      await promises.rename(unfinished, join(this.#folder, name));
    } catch (error) {
      await promises.rm(unfinished, { force: true }).catch(() => {});
      throw new DeliveryError(`cannot write to the outbox ${this.#folder}: ${messageOf(error)}`);
    }
  }

  async close(): Promise<void> {}

  destroy(): void {
    this.#destroyed = true;
  }

  /** "20260131T235959.123Z-000001-4711.eml": sorts by time, then in order; the process makes it unique. */
  #nextName(): string {
    this.#count += 1;
    const time = new Date().toISOString().replace(/[-:]/g, '');
    return `${time}-${String(this.#count).padStart(6, '0')}-${process.pid}.eml`;
  }
}

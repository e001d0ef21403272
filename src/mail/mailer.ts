/**
 * The mailer: owns the mails that wait, and sends them one after the other, in the order in which they came.
 *
 * The only module that loads nodemailer, and only when the first mail is sent: start-up is not to wait for that. It
 * knows no Lua. Invariant: `onSettled` of each mail is called exactly once, never inside `send`, and for all mails
 * before `close` resolves.
 */
import { messageOf } from '../errors.js';
import { compose, type Mime } from './compose.js';
import type { Mail, SmtpOptions } from './mail.js';
import { type Addresses, addressesOf } from './mailbox.js';
import { Outbox } from './outbox.js';
import { Refusals } from './refusals.js';
import { Smtp } from './smtp.js';
import { DeliveryError, type Transport } from './transport.js';

export type { Mail, SmtpOptions } from './mail.js';

/** Mails that wait at most; a server that does not answer must not fill the memory. */
export const MAX_PENDING = 10_000;
/** Characters of their contents at most. */
export const MAX_PENDING_CHARACTERS = 64 * 1024 * 1024;

interface Entry {
  readonly mail: Mail;
  readonly addresses: Addresses;
  readonly onSettled: (error?: string) => void;
}

export class Mailer {
  readonly #transport: Transport;
  /** The mail at the front is the one that is being sent. */
  readonly #queue: Entry[] = [];
  #characters = 0;
  #running = false;
  #closing: Promise<readonly Mail[]> | undefined;
  #closed = false;
  readonly #lost: Mail[] = [];
  readonly #refusals = new Refusals();
  #onDrained: () => void = () => {};

  constructor(options: SmtpOptions) {
    this.#transport =
      options.outbox === undefined ? new Smtp(options, loadConnection) : new Outbox(options.outbox);
  }

  /** Mails of which it is not yet known whether they have left. */
  get pending(): number {
    return this.#queue.length;
  }

  /**
   * Never throws, and calls back later, exactly once. Specification: "Mails feature" of the documented page.
   * @param onSettled gets undefined when the mail has left, else why not, or who does not get it
   * @param sender whose mail it is: those who are refused all the time do not keep others waiting
   */
  send(mail: Mail, onSettled: (error?: string) => void, sender: object = this): void {
    const addresses = addressesOf(mail);
    const problem = typeof addresses === 'string' ? addresses : this.#refusal(mail);
    if (typeof addresses === 'string' || problem !== undefined)
      return this.#refusals.add(sender, () => onSettled(problem));
    this.#queue.push({ mail, addresses, onSettled });
    this.#characters += mail.content.length;
    if (!this.#running) void this.#run();
  }

  /**
   * Takes no new mail, and gives what is pending some time to leave.
   * @param graceMs milliseconds; an orderly end of the SMTP session may take one second more
   * @returns the mails that have not left since this was called
   */
  close(graceMs: number): Promise<readonly Mail[]> {
    this.#closed = true;
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  #refusal({ content }: Mail): string | undefined {
    if (this.#closed) return 'the server is stopping';
    if (this.#queue.length >= MAX_PENDING) return `too many mails are waiting: ${MAX_PENDING}`;
    if (this.#characters + content.length > MAX_PENDING_CHARACTERS)
      return `too much mail is waiting: ${MAX_PENDING_CHARACTERS} characters at most`;
    return undefined;
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let entry = this.#queue[0]; entry; entry = this.#queue[0]) await this.#deliver(entry);
    this.#running = false;
    this.#onDrained();
  }

  async #deliver(entry: Entry): Promise<void> {
    let waiting = 1;
    try {
      const message = await compose(await loadMime(), entry.mail, entry.addresses);
      waiting = this.#queue.length;
      this.#settle(entry, await this.#transport.deliver(message), true);
    } catch (error) {
      this.#settle(entry, messageOf(error), false);
      // These have seen the server silent for as long: one after the other they would wait for hours.
      if (error instanceof DeliveryError && error.unreachable)
        for (const other of this.#queue.slice(0, waiting - 1)) this.#settle(other, error.message, false);
    }
  }

  /** Does nothing when `close` has given the mail up already. */
  #settle(entry: Entry, error: string | undefined, left: boolean): void {
    if (this.#queue[0] !== entry) return;
    this.#queue.shift();
    this.#characters -= entry.mail.content.length;
    if (this.#closed && !left) this.#lost.push(entry.mail);
    // Apart from the queue: what a callback throws must not stop the other mails.
    queueMicrotask(() => entry.onSettled(error));
  }

  async #close(graceMs: number): Promise<readonly Mail[]> {
    const told = this.#refusals.told(graceMs);
    if (this.#running) await this.#drained(graceMs);
    if (this.#queue.length > 0) this.#giveUp(graceMs);
    await told;
    await this.#transport.close();
    return this.#lost;
  }

  #drained(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(resolve, graceMs);
      this.#onDrained = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }

  #giveUp(graceMs: number): void {
    const reason = `not sent within the ${graceMs / 1000} s that the server had to stop`;
    const doubt = this.#transport.handedOver ? '; it may have arrived all the same' : '';
    this.#transport.destroy();
    for (const [i, entry] of [...this.#queue].entries())
      this.#settle(entry, i === 0 ? reason + doubt : reason, false);
  }
}

async function loadMime(): Promise<Mime> {
  const { default: MimeNode } = await import('nodemailer/lib/mime-node');
  const { encodeWord } = await import('nodemailer/lib/mime-funcs');
  return { MimeNode, encodeWord };
}

async function loadConnection() {
  return (await import('nodemailer/lib/smtp-connection')).default;
}

/**
 * The way to an SMTP server: one session, kept as long as there is mail, and replaced when it is lost.
 *
 * Invariant: a mail is sent again only when the session was an old one, and the server had not yet asked for the mail
 * itself; so no mail is ever sent twice.
 */
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { SentMessageInfo } from 'nodemailer/lib/smtp-connection';
import type { SmtpOptions } from './mail.js';
import {
  isConnectionLost,
  isTimeout,
  reasonOf,
  refusedRecipients,
  type SmtpError,
  serverOf,
} from './smtp-reason.js';
import { SmtpSession } from './smtp-session.js';
import { DeliveryError, type Message, type Transport } from './transport.js';

export class Smtp implements Transport {
  readonly #options: SmtpOptions;
  readonly #load: () => Promise<typeof SMTPConnection>;
  #session: SmtpSession | undefined;
  #destroyed = false;

  /** @param load gives nodemailer's class when it is needed for the first time */
  constructor(options: SmtpOptions, load: () => Promise<typeof SMTPConnection>) {
    this.#options = options;
    this.#load = load;
  }

  get handedOver(): boolean {
    return this.#session?.handedOver === true;
  }

  async deliver(message: Message): Promise<string | undefined> {
    const info = (await this.#sendOnOldSession(message)) ?? (await this.#sendOnNewSession(message));
    if (!info.rejectedErrors?.length) return undefined;
    return `${refusedRecipients(info.rejectedErrors, serverOf(this.#options))}; sent to the others`;
  }

  async close(): Promise<void> {
    this.#destroyed = true;
    await this.#session?.close();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#session?.destroy();
  }

  /** @returns undefined when there is none, or when it turns out that the server has closed it meanwhile */
  async #sendOnOldSession(message: Message): Promise<SentMessageInfo | undefined> {
    const session = this.#session;
    if (!session?.usable) return undefined;
    try {
      return await session.send(message);
    } catch (error) {
      if (isConnectionLost(error as SmtpError) && !session.handedOver) return undefined;
      throw this.#failed(error, session);
    }
  }

  async #sendOnNewSession(message: Message): Promise<SentMessageInfo> {
    const session = await this.#open(this.#options.starttls === 'never');
    try {
      return await session.send(message);
    } catch (error) {
      throw this.#failed(error, session);
    }
  }

  async #open(plain: boolean): Promise<SmtpSession> {
    const Connection = await this.#load();
    this.#session?.destroy();
    if (this.#destroyed) throw new DeliveryError('the server is stopping');
    const session = new SmtpSession(this.#options, plain);
    this.#session = session;
    try {
      await session.open(Connection);
      return session;
    } catch (error) {
      session.destroy();
      if (!plain && this.#maySendPlain(session, error)) return await this.#open(true);
      throw new DeliveryError(reasonOf(error as SmtpError, this.#options), isTimeout(error as SmtpError));
    }
  }

  /** Broken TLS is no reason to keep a mail back that would have gone without any; a password stays secret. */
  #maySendPlain(session: SmtpSession, error: unknown): boolean {
    const { secure, starttls, user } = this.#options;
    const optional = !secure && starttls === 'auto' && user === undefined;
    return optional && session.failedInTls && !isTimeout(error as SmtpError);
  }

  /** A session that the server has answered in goes on; any other state is not to be relied upon. */
  #failed(error: unknown, session: SmtpSession): DeliveryError {
    const { responseCode } = error as SmtpError;
    const reason = reasonOf(error as SmtpError, this.#options);
    const doubt =
      session.handedOver && responseCode === undefined ? '; it may have arrived all the same' : '';
    session.handedOver = false;
    if (responseCode === undefined || responseCode === 421) session.destroy();
    return new DeliveryError(reason + doubt);
  }
}

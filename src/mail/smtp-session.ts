/**
 * One SMTP session: a socket of our own with nodemailer's protocol machine on it.
 *
 * The socket is ours because Node then looks the host up as everything else on the machine does (nodemailer asks the
 * name servers itself and remembers the answer process-wide), and because an idle session must not keep the process
 * alive. Invariant: one operation at a time; each ends in a result, an error, or the end of the session.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Options, SentMessageInfo } from 'nodemailer/lib/smtp-connection';
import type { SmtpOptions } from './mail.js';
import type { SmtpError } from './smtp-reason.js';
import type { Message } from './transport.js';

/** A server has this long to answer QUIT, milliseconds. */
const GOODBYE_MS = 1000;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/i;

type Done<T> = (error?: SmtpError | null, value?: T) => void;

export class SmtpSession {
  readonly #options: SmtpOptions;
  readonly #plain: boolean;
  readonly #socket: Socket;
  /** `socket.closed` is true too early: the handle is still there. */
  readonly #closed: Promise<unknown>;
  #connection: SMTPConnection | undefined;
  #fail: (error: SmtpError) => void = () => {};
  #idle: NodeJS.Timeout | undefined;
  #utf8 = false;
  #refused = false;
  #ended = false;
  /** True from the moment the server asks for the mail itself until it has said whether it takes it. */
  handedOver = false;

  /** @param plain do without TLS even if it is offered */
  constructor(options: SmtpOptions, plain: boolean) {
    this.#options = options;
    this.#plain = plain;
    this.#socket = connect({ host: options.host, port: options.port });
    this.#socket.on('error', () => {});
    this.#closed = new Promise((resolve) => this.#socket.once('close', resolve));
  }

  /** False when the session has ended, as far as is known: a server may have closed it just now. */
  get usable(): boolean {
    return !this.#ended && this.#socket.writable;
  }

  /** True when it was the change to TLS that failed. */
  get failedInTls(): boolean {
    return this.#connection?.upgrading === true;
  }

  /** Connects, and logs in if there is a user. */
  async open(Connection: typeof SMTPConnection): Promise<void> {
    await this.#connect();
    const connection = new Connection(connectionOptions(this.#options, this.#plain, this.#socket));
    this.#connection = connection;
    connection.on('error', (error: SmtpError) => this.#fail(error));
    connection.once('end', () => this.#end());
    await this.#step((done) => connection.connect(done));
    this.#utf8 = /[ -]SMTPUTF8\b/im.test(connection.lastServerResponse || '');
    const { user, password } = this.#options;
    if (user === undefined) return;
    if (!connection.allowsAuth) throw failure('EAUTH', 'it does not offer AUTH on this connection');
    await this.#step((done) => connection.login({ user, pass: password }, done));
  }

  /** @returns what nodemailer knows about it; some recipients may have been refused */
  async send(message: Message): Promise<SentMessageInfo> {
    this.#wake();
    try {
      return await this.#send(message);
    } catch (error) {
      this.#refused = true;
      throw error;
    } finally {
      this.#sleep();
    }
  }

  /** QUIT; the socket is closed when this resolves. */
  async close(): Promise<void> {
    const { usable } = this;
    this.#ended = true;
    clearTimeout(this.#idle);
    this.#socket.ref();
    const late = setTimeout(() => this.destroy(), GOODBYE_MS);
    if (usable) this.#connection?.quit();
    else this.destroy();
    await this.#closed;
    clearTimeout(late);
  }

  destroy(): void {
    clearTimeout(this.#idle);
    this.#connection?.close();
    this.#socket.destroy(failure('ECONNECTION', 'connection closed'));
  }

  async #connect(): Promise<void> {
    const late = setTimeout(
      () => this.#socket.destroy(failure('ETIMEDOUT', 'timeout')),
      this.#options.timeout * 1000,
    );
    try {
      await once(this.#socket, 'connect');
    } finally {
      clearTimeout(late);
    }
  }

  async #send({ from, to, bytes }: Message): Promise<SentMessageInfo> {
    const connection = this.#connection;
    if (!connection) throw failure('ECONNECTION', 'not connected');
    if (!this.#utf8 && [from, ...to].some((address) => /[^\0-\x7f]/.test(address)))
      throw failure('EENVELOPE', 'the server does not take addresses with characters outside of ASCII');
    // What a refused mail has left behind would make the server refuse the next one too.
    if (this.#refused) await this.#step<unknown>((done) => connection.reset(done));
    this.#refused = false;
    const envelope = { from, to: [...to], size: bytes.length };
    const info = await this.#step<SentMessageInfo>((done) =>
      connection.send(envelope, this.#bodyOf(bytes), done),
    );
    this.handedOver = false;
    return info;
  }

  /** Nodemailer reads it only when the server has asked for the mail: that is how one knows. */
  #bodyOf(bytes: Buffer): Readable {
    const read = () => {
      this.handedOver = true;
      body.push(bytes);
      body.push(null);
    };
    const body = new Readable({ read });
    return body;
  }

  #step<T>(start: (done: Done<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#fail = reject;
      if (this.#ended) return reject(failure('ECONNECTION', 'connection closed'));
      start((error, value) => (error ? reject(error) : resolve(value as T)));
    });
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#idle);
    this.#fail(failure('ECONNECTION', 'connection closed by the server'));
  }

  #wake(): void {
    clearTimeout(this.#idle);
    this.#socket.ref();
    this.#setSilence(this.#options.timeout * 1000);
  }

  #sleep(): void {
    if (!this.usable) return;
    this.#setSilence(0);
    this.#socket.unref();
    this.#idle = setTimeout(() => void this.close(), this.#options.timeout * 1000).unref();
  }

  /** Nodemailer takes silence for a failure, which it is not between two mails. */
  #setSilence(ms: number): void {
    const socket = this.#connection?._socket;
    if (socket) socket.setTimeout(ms);
  }
}

/**
 * `auto` is opportunistic and takes any certificate: who can forge one can as well hide that TLS is offered. Where TLS
 * is demanded, the certificate must be right, unless nobody can be in between.
 */
function connectionOptions(options: SmtpOptions, plain: boolean, connection: Socket): Options {
  const { host, port, secure, starttls } = options;
  const ms = options.timeout * 1000;
  const demanded = secure || starttls === 'required';
  return {
    host,
    port,
    connection,
    secure,
    requireTLS: starttls === 'required' && !secure,
    opportunisticTLS: starttls === 'auto',
    ignoreTLS: plain,
    tls: { rejectUnauthorized: demanded && !LOOPBACK.test(host) },
    connectionTimeout: ms,
    greetingTimeout: ms,
    socketTimeout: ms,
    socketCloseTimeout: GOODBYE_MS,
  };
}

function failure(code: string, message: string): SmtpError {
  return Object.assign(new Error(message), { code });
}

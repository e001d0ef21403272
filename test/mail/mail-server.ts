/**
 * The `smtp-server` package as the other side: keeps what it has received, parsed and raw.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { type Mail, Mailer, type SmtpOptions } from '../../src/mail/mailer.js';

export interface Received {
  /** Which connection brought it, counted from 1. */
  readonly connection: number;
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: Buffer;
  readonly parsed: ParsedMail;
  /** Over TLS. */
  readonly secure: boolean;
  readonly user: string | undefined;
}

export interface MailServer {
  readonly port: number;
  readonly received: Received[];
  /** Connections that have been made until now. */
  readonly connections: number;
  readonly smtp: SMTPServer;
  stop(): Promise<void>;
}

export const HOST = '127.0.0.1';

/** Takes every mail, without TLS and AUTH, unless the options say otherwise. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const received: Received[] = [];
  const ids = new Map<string, number>();
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    closeTimeout: 50,
    logger: false,
    onConnect: (session, callback) => {
      ids.set(session.id, ids.size + 1);
      callback();
    },
    onData: async (stream, session, callback) => {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      const raw = Buffer.concat(chunks);
      const { mailFrom, rcptTo } = session.envelope;
      received.push({
        connection: ids.get(session.id) ?? 0,
        from: mailFrom ? mailFrom.address : '',
        to: rcptTo.map(({ address }) => address),
        raw,
        parsed: await simpleParser(raw),
        secure: session.secure,
        user: session.user as string | undefined,
      });
      callback();
    },
    ...options,
  });
  // A client that refuses the certificate, or that goes away, is part of these tests.
  smtp.on('error', () => {});
  const listener = smtp.listen(0, HOST);
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  return {
    port,
    received,
    smtp,
    get connections() {
      return ids.size;
    },
    stop: () => new Promise((resolve) => smtp.close(resolve)),
  };
}

export function mailerTo(port: number, options: Partial<SmtpOptions> = {}): Mailer {
  return new Mailer({ host: HOST, port, timeout: 20, secure: false, starttls: 'auto', ...options });
}

export function mail(parts: Partial<Mail> = {}): Mail {
  return {
    sender: 'a@example.org',
    subject: 'Hello',
    content: 'Text',
    recipients: ['b@example.org'],
    ...parts,
  };
}

/** Resolves with what `onSettled` gets, and fails when it is called twice or inside `send`. */
export function send(mailer: Mailer, parts: Partial<Mail> = {}): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let calls = 0;
    let returned = false;
    mailer.send(mail(parts), (error) => {
      calls += 1;
      if (!returned || calls > 1) reject(new Error(returned ? 'settled twice' : 'settled inside send'));
      else setImmediate(() => (calls > 1 ? reject(new Error('settled twice')) : resolve(error)));
    });
    returned = true;
  });
}

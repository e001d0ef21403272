/**
 * What went wrong in an SMTP session, in words that name the server and what it said.
 *
 * It reads the errors of Node and of nodemailer, and must never show a password.
 */
import type { NodemailerError } from 'nodemailer/lib/errors';
import type { SmtpOptions } from './mail.js';

const SYSTEM: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'host not found: the name server did not answer',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by the server',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'host not found',
  EPIPE: 'connection closed by the server',
};

/** Nodemailer's name of a stage → what the server refused there. */
const REFUSED: Readonly<Record<string, string>> = {
  CONN: 'session',
  EHLO: 'session',
  HELO: 'session',
  STARTTLS: 'TLS',
  'MAIL FROM': 'sender',
  'RCPT TO': 'recipient',
  DATA: 'mail',
};

/** Replies may be long and have several lines: so much of one is shown, characters. */
const MAX_REPLY = 300;

export type SmtpError = NodemailerError;

/** True when the server was silent for too long. */
export function isTimeout(error: SmtpError): boolean {
  return error.code === 'ETIMEDOUT';
}

/**
 * True when the connection and not the mail is what failed: lost, about to be closed by the server (421), or not
 * ready for another mail (RSET). Whether the mail can be sent again is another question.
 */
export function isConnectionLost(error: SmtpError): boolean {
  if (error.command === 'RSET') return true;
  if (error.responseCode !== undefined) return error.responseCode === 421;
  return error.code === 'ECONNECTION' || error.code === 'ESOCKET' || error.code === 'EPROTOCOL';
}

/** "connection refused (localhost:25)", "mail refused by localhost:25: 552 too big", … */
export function reasonOf(error: SmtpError, options: SmtpOptions): string {
  const server = serverOf(options);
  if (isTimeout(error)) return `timeout: ${server} was silent for ${options.timeout} s`;
  if (error.rejectedErrors) return refusedRecipients(error.rejectedErrors, server);
  if (error.code === 'EAUTH')
    return `login as "${options.user}" refused by ${server}: ${replyOf(error) ?? error.message}`;
  const reply = replyOf(error);
  if (reply !== undefined) return `${REFUSED[error.command ?? ''] ?? 'mail'} refused by ${server}: ${reply}`;
  const system = SYSTEM[error.originalCode ?? error.code ?? ''];
  return system ? `${system} (${server})` : `${lowerFirst(error.message)} (${server})`;
}

/** "recipient refused by localhost:25: <a@x.org> 550 no such user, <b@x.org> 550 …" */
export function refusedRecipients(errors: readonly SmtpError[], server: string): string {
  const all = errors.map((error) => `<${error.recipient}> ${replyOf(error) ?? error.message}`);
  return `recipient refused by ${server}: ${all.join(', ')}`;
}

/** "host:port", an IPv6 address in brackets. */
export function serverOf({ host, port }: SmtpOptions): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function replyOf({ response }: SmtpError): string | undefined {
  if (!response) return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a server may send anything
  const line = response.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').trim();
  return line.length > MAX_REPLY ? `${line.slice(0, MAX_REPLY)}…` : line;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

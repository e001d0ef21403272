/**
 * `user@host` and `Name <user@host>` as a script writes them → name and address.
 *
 * One text is one mailbox: lists, groups and comments are refused rather than guessed at, since a guess sends mail to
 * somebody whom the script has not named. Invariant: nothing that passes here can end a header line or an SMTP
 * command.
 */
import type { Mail } from './mail.js';

export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

export interface Addresses {
  readonly from: Mailbox;
  readonly to: readonly Mailbox[];
}

/** Characters: also with every one of them escaped it fits into a line of RFC 5322, which has 998 at most. */
export const MAX_TEXT = 450;
/** 64 before the @ and 255 after it, RFC 5321. */
const MAX_ADDRESS = 320;
const SHOWN = 80;

/** C0, DEL, C1 and the two separators of Unicode that end a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g;
const LOCAL_PART = /^(?:[^\s"(),:;<>@[\\\]]+|"(?:[^"\\<>]|\\[^<>])*")$/;
const DOMAIN = /^(?:[\p{L}\p{M}\p{N}_-]+(?:\.[\p{L}\p{M}\p{N}_-]+)*|\[[\da-z:.]+\])$/iu;

/** @returns the addresses of the mail, or which one is missing or wrong, and why */
export function addressesOf(mail: Mail): Addresses | string {
  const from = parseMailbox(mail.sender);
  if (typeof from === 'string') return `invalid sender ${quoted(mail.sender)}: ${from}`;
  if (mail.recipients.length === 0) return 'no recipient';
  const to: Mailbox[] = [];
  for (const recipient of mail.recipients) {
    const mailbox = parseMailbox(recipient);
    if (typeof mailbox === 'string') return `invalid recipient ${quoted(recipient)}: ${mailbox}`;
    to.push(mailbox);
  }
  return { from, to };
}

/** @returns the mailbox, or what is wrong with the text */
export function parseMailbox(text: string): Mailbox | string {
  if (text.search(CONTROL) >= 0) return 'has a control character';
  if (text.length > MAX_TEXT) return `is longer than ${MAX_TEXT} characters`;
  const trimmed = text.trim();
  if (trimmed === '') return 'is empty';
  const open = trimmed.endsWith('>') ? trimmed.lastIndexOf('<') : -1;
  if (open < 0) return checked('', trimmed);
  const name = trimmed.slice(0, open).trim();
  const plain = /^"(?:[^"\\]|\\.)*"$/.test(name);
  if (!plain && /[<>@]/.test(name)) return 'must be one address; a name with <, > or @ needs quotes';
  return checked(plain ? unquoted(name) : name, trimmed.slice(open + 1, -1).trim());
}

function checked(name: string, address: string): Mailbox | string {
  const at = address.lastIndexOf('@');
  if (at < 0) return 'has no @';
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  if (address.length <= MAX_ADDRESS && LOCAL_PART.test(local) && DOMAIN.test(domain))
    return { name, address };
  return 'must be one "user@host" or "Name <user@host>"';
}

function unquoted(name: string): string {
  return name.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** For an error message: in quotes, cut, control characters escaped. */
function quoted(text: string): string {
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return `"${cut.replace(CONTROL, escaped)}"`;
}

function escaped(character: string): string {
  if (character === '\r') return '\\r';
  if (character === '\n') return '\\n';
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

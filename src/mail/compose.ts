/**
 * A mail → the bytes of an RFC 5322 message and its envelope. It knows nodemailer's MIME builder, no transport.
 *
 * The builder gets addresses as objects and the content as a string, and may open neither files nor URLs: nothing
 * that a script has written is interpreted.
 */
import type * as MimeFuncs from 'nodemailer/lib/mime-funcs';
import type MimeNode from 'nodemailer/lib/mime-node';
import type { Mail } from './mail.js';
import type { Addresses } from './mailbox.js';
import type { Message } from './transport.js';

/** What of nodemailer it takes. */
export interface Mime {
  readonly MimeNode: typeof MimeNode;
  readonly encodeWord: typeof MimeFuncs.encodeWord;
}

/** RFC 5322 allows lines of 998 characters, and a line can only be folded at a space. */
const UNFOLDABLE = /\S{900}/;
/** RFC 2047 allows encoded words of 75 characters; as the builder itself makes them. */
const ENCODED_WORD = 52;

/**
 * UTF-8 text/plain with MIME headers, Date and Message-ID; 7bit if it can be, else quoted-printable or base64,
 * whichever is shorter. All line ends of the content become CRLF.
 */
export async function compose(
  { MimeNode, encodeWord }: Mime,
  mail: Mail,
  { from, to }: Addresses,
): Promise<Message> {
  const node = new MimeNode('text/plain; charset=utf-8', { disableFileAccess: true, disableUrlAccess: true });
  // Copies: the builder writes into the objects that it gets.
  node.setHeader('From', { ...from });
  node.setHeader(
    'To',
    to.map((mailbox) => ({ ...mailbox })),
  );
  const { subject } = mail;
  const prepared = { prepared: true, foldLines: true, value: encodeWord(subject, 'Q', ENCODED_WORD) };
  node.setHeader('Subject', UNFOLDABLE.test(subject) ? prepared : subject);
  node.setContent(mail.content.replace(/\r\n|\r|\n/g, '\r\n'));
  const envelope = node.getEnvelope();
  return { from: envelope.from || from.address, to: envelope.to, bytes: await node.build() };
}

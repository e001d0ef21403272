/** What is in a mail arrives as it was meant, over SMTP and in the outbox, whatever it is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ParsedMail, simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mailer } from '../../src/mail/mailer.js';
import { temporaryFolder } from '../support/server.js';
import { type MailServer, mailerTo, send, startMailServer } from './mail-server.js';

interface Arrived {
  readonly raw: string;
  readonly parsed: ParsedMail;
}

let server: MailServer;
let smtp: Mailer;

beforeAll(async () => {
  server = await startMailServer();
  smtp = mailerTo(server.port);
});

afterAll(async () => {
  await smtp.close(0);
  await server.stop();
});

async function overSmtp(parts: Parameters<typeof send>[1]): Promise<Arrived> {
  expect(await send(smtp, parts)).toBeUndefined();
  const last = server.received.at(-1);
  if (!last) throw new Error('nothing arrived');
  return { raw: last.raw.toString('latin1'), parsed: last.parsed };
}

async function inOutbox(parts: Parameters<typeof send>[1]): Promise<Arrived> {
  const outbox = temporaryFolder();
  const mailer = new Mailer({ host: 'x', port: 1, timeout: 1, secure: false, starttls: 'auto', outbox });
  expect(await send(mailer, parts)).toBeUndefined();
  await mailer.close(0);
  const raw = readFileSync(join(outbox, readdirSync(outbox)[0] ?? ''));
  return { raw: raw.toString('latin1'), parsed: await simpleParser(raw) };
}

const ROUTES: [string, (parts: Parameters<typeof send>[1]) => Promise<Arrived>][] = [
  ['SMTP', overSmtp],
  ['the outbox', inOutbox],
];

/** mailparser shows line ends as \n, and takes none at the end for one. */
function shown(content: string): string {
  return content.replace(/\r\n|\r|\n/g, '\n').replace(/\n*$/, '');
}

const CONTENTS: [string, string][] = [
  ['short text', 'Hello'],
  ['nothing', ''],
  ['text in many scripts', 'Grüße, Привет, 你好, 👋🏽'],
  ['lines that start with a dot', '.\n..\n.hidden\n\n.\nend'],
  ['the end of DATA in every spelling', 'a\r\n.\r\nb\n.\nc\r.\rd\r\n.\nMAIL FROM:<e@x.org>'],
  ['bare LF and CR', 'one\ntwo\rthree\r\nfour\n\rfive'],
  ['a line of 100,000 characters', 'x'.repeat(100_000)],
  ['a line of 100,000 characters of two bytes', 'é'.repeat(100_000)],
  ['NUL and other control characters', 'a\0b\x01\x07\x1b[31m\x7fc'],
  ['spaces and tabs at the ends of lines', 'a \nb\t\n c  \n\td'],
  ['headers', 'Subject: other\nBcc: eve@x.org\n\nFrom me'],
  ['something that looks encoded', '=?utf-8?Q?x?= =41 =\n=3D'],
  ['what could be a path or an address of a file', 'file:///etc/passwd'],
  ['a boundary', '------=_Part_1\nContent-Type: text/html\n\n<b>'],
  ['lines that start with From', 'From here\nFrom there'],
  ['1 MiB of text', 'The quick brown fox.\n'.repeat(50_000)],
];

describe.each(ROUTES)('through %s', (_route, arrive) => {
  it.each(CONTENTS)('%s arrives unchanged', async (_name, content) => {
    const { raw, parsed } = await arrive({ content });
    expect(shown(parsed.text ?? '')).toBe(shown(content));
    expect(raw).not.toMatch(/[^\r]\n|\r[^\n]/);
    expect(raw.split('\r\n').every((line) => line.length <= 998)).toBe(true);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(raw).not.toMatch(/[\x00\x80-\xff]/);
    expect(parsed.attachments).toEqual([]);
    expect(parsed.html).toBe(false);
  });

  it.each([
    ['plain', 'Hello there'],
    ['nothing', ''],
    ['many scripts', 'Grüße, Привет, 你好, 👋🏽'],
    ['longer than a line', 'Ünïcode and more '.repeat(40).trim()],
    ['long, without a space', 'x'.repeat(3000)],
    ['quotes and specials', '"quoted" <b@x.org>, (comment); \\ =?='],
  ])('a subject arrives: %s', async (_name, subject) => {
    const { raw, parsed } = await arrive({ subject });
    expect(parsed.subject ?? '').toBe(subject);
    expect(raw.split('\r\n').every((line) => line.length <= 998)).toBe(true);
  });

  it.each([
    'Hi\r\nBcc: eve@x.org',
    'Hi\nBcc: eve@x.org',
    'Hi\rBcc: eve@x.org',
    'Hi\r\n\r\nBcc: eve@x.org',
    'Hi\0\r\nBcc: eve@x.org',
    'Hi\u2028Bcc: eve@x.org',
    'Grüße\r\nBcc: eve@x.org',
    '\r\nBcc: eve@x.org',
  ])('a subject cannot add a header: %j', async (subject) => {
    const { raw, parsed } = await arrive({ subject });
    expect(raw).not.toMatch(/^Bcc:/im);
    expect(parsed.bcc).toBeUndefined();
    expect(parsed.subject).toContain('Bcc: eve@x.org');
    expect(parsed.text).toBe('Text\n');
    expect(parsed.headers.has('from')).toBe(true);
  });

  it('each mail has a Message-ID of its own', async () => {
    const [one, two] = [await arrive({}), await arrive({})];
    expect(one.parsed.messageId).not.toBe(two.parsed.messageId);
  });
});

/** The queue: when mails settle, what is refused at once, the outbox, and the end. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_PENDING, MAX_PENDING_CHARACTERS, Mailer } from '../../src/mail/mailer.js';
import { temporaryFolder } from '../support/server.js';
import { mail, mailerTo, send, startMailServer } from './mail-server.js';
import { StageServer } from './stage-server.js';

describe('an invalid mail', () => {
  it('is reported later, without a connection, and leaves the others alone', async () => {
    const server = await startMailServer();
    const mailer = mailerTo(server.port);
    const errors = await Promise.all([
      send(mailer, { sender: '' }),
      send(mailer, { recipients: [] }),
      send(mailer, { recipients: ['b@example.org', 'garbage'] }),
      send(mailer, { sender: 'a@x.org\r\nRCPT TO:<eve@x.org>' }),
      send(mailer),
    ]);
    expect(errors).toEqual([
      'invalid sender "": is empty',
      'no recipient',
      'invalid recipient "garbage": has no @',
      'invalid sender "a@x.org\\r\\nRCPT TO:<eve@x.org>": has a control character',
      undefined,
    ]);
    expect(server.received).toHaveLength(1);
    await mailer.close(0);
    await server.stop();
  });
});

describe('the limits', () => {
  let server: StageServer;
  let mailer: Mailer;

  beforeEach(async () => {
    server = await StageServer.start(() => 'hang');
    mailer = mailerTo(server.port);
  });

  afterEach(async () => {
    await mailer.close(0);
    await server.stop();
  });

  it('refuse one mail too many', async () => {
    for (let i = 0; i < MAX_PENDING; i++) mailer.send(mail(), () => {});
    expect(await send(mailer)).toBe('too many mails are waiting: 10000');
    expect(mailer.pending).toBe(MAX_PENDING);
  });

  it('refuse too much content', async () => {
    mailer.send(mail({ content: 'x' }), () => {});
    mailer.send(mail({ content: 'x'.repeat(MAX_PENDING_CHARACTERS - 1) }), () => {});
    expect(await send(mailer)).toBe('too much mail is waiting: 67108864 characters at most');
    expect(mailer.pending).toBe(2);
  });
});

describe('the outbox', () => {
  let folder: string;

  beforeEach(() => {
    folder = temporaryFolder();
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function outboxMailer(outbox: string): Mailer {
    return new Mailer({
      host: 'smtp.invalid',
      port: 25,
      timeout: 1,
      secure: false,
      starttls: 'auto',
      outbox,
    });
  }

  it('is made when it is missing, and gets one file for each mail, in order', async () => {
    const outbox = join(folder, 'deep', 'outbox');
    const mailer = outboxMailer(outbox);
    const all = Array.from({ length: 20 }, (_, i) => send(mailer, { subject: `mail ${i}` }));
    expect(await Promise.all(all)).toEqual(Array(20).fill(undefined));
    const names = readdirSync(outbox).sort();
    expect(names.every((name) => /^\d{8}T\d{6}\.\d{3}Z-\d{6}-\d+\.eml$/.test(name))).toBe(true);
    const subjects = await Promise.all(
      names.map(async (name) => (await simpleParser(readFileSync(join(outbox, name)))).subject),
    );
    expect(subjects).toEqual(Array.from({ length: 20 }, (_, i) => `mail ${i}`));
    expect(await mailer.close(0)).toEqual([]);
  });

  it('shows all recipients', async () => {
    const mailer = outboxMailer(folder);
    await send(mailer, { recipients: ['b@example.org', 'Cee <c@example.org>'] });
    const [name = ''] = readdirSync(folder);
    const { to } = await simpleParser(readFileSync(join(folder, name)));
    expect(to).toMatchObject({
      value: [{ address: 'b@example.org' }, { name: 'Cee', address: 'c@example.org' }],
    });
  });

  it('that cannot be written to is an error for each mail, and leaves nothing behind', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const mailer = outboxMailer(join(file, 'outbox'));
    for (const error of await Promise.all([send(mailer), send(mailer)]))
      expect(error).toContain(`cannot write to the outbox ${join(file, 'outbox')}: `);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('works again when it can be written to again', async () => {
    const outbox = join(folder, 'outbox');
    writeFileSync(outbox, '');
    const mailer = outboxMailer(outbox);
    expect(await send(mailer)).toContain('cannot write');
    rmSync(outbox);
    mkdirSync(outbox);
    expect(await send(mailer)).toBeUndefined();
    expect(readdirSync(outbox)).toHaveLength(1);
  });
});

describe('close', () => {
  it('of a mailer that has sent nothing resolves', async () => {
    expect(await mailerTo(1).close(10_000)).toEqual([]);
  });

  it('waits for the mails that are pending, and ends the session with QUIT', async () => {
    const server = await StageServer.start();
    const mailer = mailerTo(server.port);
    const sent = [send(mailer), send(mailer), send(mailer)];
    expect(await mailer.close(10_000)).toEqual([]);
    expect(mailer.pending).toBe(0);
    expect(await Promise.all(sent)).toEqual([undefined, undefined, undefined]);
    expect(server.bodies).toHaveLength(3);
    expect(server.count('QUIT')).toBe(1);
    await server.stop();
  });

  it('settles every mail before it resolves', async () => {
    const server = await StageServer.start((stage) => (stage === 'RCPT' ? 'hang' : undefined));
    const mailer = mailerTo(server.port);
    const settled: unknown[] = [];
    for (let i = 0; i < 3; i++) mailer.send(mail(), (error) => settled.push(error));
    await mailer.close(50);
    expect(settled).toEqual(Array(3).fill('not sent within the 0.05 s that the server had to stop'));
    await server.stop();
  });

  it('gives up what does not leave in time, and says which mails those are', async () => {
    const server = await StageServer.start((stage) =>
      stage === 'MAIL' && server.count('MAIL') === 2 ? 'hang' : undefined,
    );
    const mailer = mailerTo(server.port);
    const sent = ['one', 'two', 'three'].map((subject) => send(mailer, { subject }));
    const started = performance.now();
    const lost = await mailer.close(300);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(lost.map(({ subject }) => subject)).toEqual(['two', 'three']);
    expect((await Promise.all(sent)).map((error) => error === undefined)).toEqual([true, false, false]);
    await server.stop();
  });

  it('says so when a mail was handed over and not yet taken', async () => {
    const server = await StageServer.start((stage) => (stage === 'body' ? 'hang' : undefined));
    const mailer = mailerTo(server.port);
    const sent = send(mailer);
    expect(await mailer.close(300)).toHaveLength(1);
    expect(await sent).toContain('it may have arrived');
    await server.stop();
  });

  it('counts a mail that fails meanwhile among those that have not left', async () => {
    const server = await StageServer.start((stage) => (stage === 'MAIL' ? '550 no' : undefined));
    const mailer = mailerTo(server.port);
    const sent = send(mailer);
    expect(await mailer.close(10_000)).toEqual([mail()]);
    expect(await sent).toContain('550 no');
    await server.stop();
  });

  it.each(['greeting', 'EHLO', 'DATA'] as const)('gives up a session that is stuck at %s', async (at) => {
    const server = await StageServer.start((stage) => (stage === at ? 'hang' : undefined));
    const mailer = mailerTo(server.port);
    const sent = send(mailer);
    expect(await mailer.close(100)).toHaveLength(1);
    expect(await sent).toContain('not sent within the 0.1 s');
    await server.stop();
  });

  it('does not wait for a server that does not answer QUIT', async () => {
    const server = await StageServer.start((stage) => (stage === 'QUIT' ? 'hang' : undefined));
    const mailer = mailerTo(server.port);
    await send(mailer);
    const started = performance.now();
    await mailer.close(60_000);
    expect(performance.now() - started).toBeLessThan(5000);
    await server.stop();
  });

  it('takes no mail from then on', async () => {
    const mailer = mailerTo(1);
    const closed = mailer.close(0);
    expect(await send(mailer)).toBe('the server is stopping');
    await closed;
    expect(await send(mailer)).toBe('the server is stopping');
    expect(mailer.pending).toBe(0);
  });

  it('may be called twice', async () => {
    const mailer = mailerTo(1);
    expect(await Promise.all([mailer.close(0), mailer.close(0)])).toEqual([[], []]);
  });
});

/** Mails that arrive: what a real server gets, over which connections, with and without TLS and login. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Mailer, SmtpOptions } from '../../src/mail/mailer.js';
import { type MailServer, mailerTo, send, startMailServer } from './mail-server.js';

let server: MailServer;
let mailer: Mailer;

async function start(options: Parameters<typeof startMailServer>[0] = {}, smtp: Partial<SmtpOptions> = {}) {
  server = await startMailServer(options);
  mailer = mailerTo(server.port, smtp);
}

afterEach(async () => {
  await mailer.close(0);
  await server.stop();
});

describe('a mail', () => {
  it('arrives with its envelope and its headers', async () => {
    await start();
    const before = Date.now();
    const error = await send(mailer, { recipients: ['b@example.org', 'c@example.org'] });
    expect(error).toBeUndefined();
    const [first] = server.received;
    expect(first?.from).toBe('a@example.org');
    expect(first?.to).toEqual(['b@example.org', 'c@example.org']);
    expect(first?.parsed.subject).toBe('Hello');
    expect(first?.parsed.text).toBe('Text\n');
    expect(first?.parsed.messageId).toMatch(/^<[\w-]+@example\.org>$/);
    expect(first?.parsed.headers.get('mime-version')).toBe('1.0');
    expect(first?.parsed.headers.get('content-type')).toEqual({
      value: 'text/plain',
      params: { charset: 'utf-8' },
    });
    expect(Math.abs(Number(first?.parsed.date) - before)).toBeLessThan(60_000);
  });

  it('takes names along with the addresses, in any script', async () => {
    await start();
    const sender = '"Böb, the \\"builder\\"" <bob@example.org>';
    expect(await send(mailer, { sender, recipients: ['Zoë <zoe@example.org>'] })).toBeUndefined();
    const [first] = server.received;
    expect(first?.from).toBe('bob@example.org');
    expect(first?.to).toEqual(['zoe@example.org']);
    expect(first?.parsed.from?.value).toEqual([{ name: 'Böb, the "builder"', address: 'bob@example.org' }]);
    expect(first?.parsed.to).toMatchObject({ value: [{ name: 'Zoë', address: 'zoe@example.org' }] });
  });

  it('goes once to a recipient who is named twice', async () => {
    await start();
    expect(await send(mailer, { recipients: ['b@example.org', 'B <b@example.org>'] })).toBeUndefined();
    expect(server.received[0]?.to).toEqual(['b@example.org']);
  });

  it('goes to an international domain in its ASCII form', async () => {
    await start();
    expect(await send(mailer, { recipients: ['b@bücher.example'] })).toBeUndefined();
    // What the server shows in `to` it has turned back.
    expect(server.received[0]?.raw.toString()).toContain('\r\nTo: b@xn--bcher-kva.example\r\n');
  });

  it('goes to an international local part when the server takes such', async () => {
    await start();
    expect(await send(mailer, { recipients: ['zoë@example.org'] })).toBeUndefined();
    expect(server.received[0]?.to).toEqual(['zoë@example.org']);
  });

  it('to an international local part is an error when the server does not take such', async () => {
    await start({ hideSMTPUTF8: true });
    expect(await send(mailer, { recipients: ['zoë@example.org'] })).toContain('outside of ASCII');
    expect(await send(mailer)).toBeUndefined();
    expect(server.received).toHaveLength(1);
  });
});

describe('several mails', () => {
  it('sent in one go leave in order over one connection', async () => {
    await start();
    const settled: number[] = [];
    const all = Array.from({ length: 50 }, (_, i) =>
      send(mailer, { subject: `mail ${i}` }).then((error) => {
        settled.push(i);
        return error;
      }),
    );
    expect(mailer.pending).toBe(50);
    expect(await Promise.all(all)).toEqual(Array(50).fill(undefined));
    expect(mailer.pending).toBe(0);
    expect(server.received.map(({ parsed }) => parsed.subject)).toEqual(settled.map((i) => `mail ${i}`));
    expect(settled).toEqual([...settled].sort((a, b) => a - b));
    expect(server.connections).toBe(1);
  });

  it('sent one after the other share the connection', async () => {
    await start();
    expect(await send(mailer)).toBeUndefined();
    expect(await send(mailer)).toBeUndefined();
    expect(server.connections).toBe(1);
  });

  it('may be sent from inside onSettled', async () => {
    await start();
    const second = new Promise<string | undefined>((resolve) => {
      void send(mailer).then(() => send(mailer, { subject: 'second' }).then(resolve));
    });
    expect(await second).toBeUndefined();
    expect(server.received.map(({ parsed }) => parsed.subject)).toEqual(['Hello', 'second']);
  });
});

describe('refusals', () => {
  const refuseBad: Parameters<typeof startMailServer>[0] = {
    onRcptTo: ({ address }, _session, callback) =>
      callback(address.startsWith('bad') ? new Error(`no ${address} here`) : null),
  };

  it('of the only recipient name him, and the next mail leaves over the same connection', async () => {
    await start(refuseBad);
    const [first, second] = await Promise.all([
      send(mailer, { recipients: ['bad@example.org'] }),
      send(mailer),
    ]);
    expect(first).toContain('recipient refused by 127.0.0.1');
    expect(first).toContain('<bad@example.org> 550 no bad@example.org here');
    expect(second).toBeUndefined();
    expect(server.received).toHaveLength(1);
    expect(server.connections).toBe(1);
  });

  it('of one of three recipients name him, and the mail goes to the others', async () => {
    await start(refuseBad);
    const recipients = ['b@example.org', 'bad@example.org', 'c@example.org'];
    const error = await send(mailer, { recipients });
    expect(error).toContain('<bad@example.org> 550');
    expect(error).toContain('sent to the others');
    expect(error).not.toContain('<b@example.org>');
    expect(server.received[0]?.to).toEqual(['b@example.org', 'c@example.org']);
  });

  it('of all recipients name them all', async () => {
    await start(refuseBad);
    const error = await send(mailer, { recipients: ['bad1@example.org', 'bad2@example.org'] });
    expect(error).toContain('<bad1@example.org> 550');
    expect(error).toContain('<bad2@example.org> 550');
    expect(error).not.toContain('others');
  });

  it('of the sender say so', async () => {
    await start({ onMailFrom: (_address, _session, callback) => callback(new Error('not you')) });
    expect(await send(mailer)).toMatch(/^sender refused by 127\.0\.0\.1:\d+: 550 not you$/);
  });

  it('of the content say so, and the next mail leaves', async () => {
    let mails = 0;
    await start({
      onData: (stream, _session, callback) => {
        stream.resume();
        stream.on('end', () => callback(++mails === 1 ? new Error('smells of spam') : null));
      },
    });
    const [first, second] = await Promise.all([send(mailer), send(mailer)]);
    expect(first).toMatch(/^mail refused by 127\.0\.0\.1:\d+: 450 smells of spam$/);
    expect(second).toBeUndefined();
    expect(mails).toBe(2);
  });

  it('of a mail that is larger than the server allows are known before it is sent', async () => {
    await start({ size: 10_000 });
    expect(await send(mailer, { content: 'x'.repeat(20_000) })).toContain('larger than allowed 10000');
    expect(await send(mailer)).toBeUndefined();
    expect(server.received).toHaveLength(1);
  });
});

describe('login', () => {
  const withLogin: Parameters<typeof startMailServer>[0] = {
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, callback) =>
      username === 'me' && password === 'sesame'
        ? callback(null, { user: username })
        : callback(new Error('wrong password')),
  };

  it('with the right password lets mails leave', async () => {
    await start(withLogin, { user: 'me', password: 'sesame' });
    expect(await send(mailer)).toBeUndefined();
    expect(server.received[0]?.user).toBe('me');
  });

  it('with the wrong password is reported for every mail, without the password', async () => {
    await start(withLogin, { user: 'me', password: 'open' });
    for (const error of await Promise.all([send(mailer), send(mailer)])) {
      expect(error).toMatch(/^login as "me" refused by 127\.0\.0\.1:\d+: 535 .*wrong password/);
      expect(error).not.toContain('open');
    }
    expect(server.received).toHaveLength(0);
  });

  it('at a server that offers none is an error, not a mail without login', async () => {
    await start({}, { user: 'me', password: 'sesame' });
    expect(await send(mailer)).toContain('does not offer AUTH');
    expect(server.received).toHaveLength(0);
  });
});

describe('TLS', () => {
  const offered = { disabledCommands: ['AUTH'] };

  it('is used with starttls=auto when it is offered, whatever the certificate', async () => {
    await start(offered, { starttls: 'auto' });
    expect(await send(mailer)).toBeUndefined();
    expect(await send(mailer)).toBeUndefined();
    expect(server.received.map(({ secure }) => secure)).toEqual([true, true]);
    expect(server.connections).toBe(1);
  });

  it('is done without with starttls=auto when it is not offered', async () => {
    await start({}, { starttls: 'auto' });
    expect(await send(mailer)).toBeUndefined();
    expect(server.received[0]?.secure).toBe(false);
  });

  it('is done without with starttls=auto when the offer turns out to be broken', async () => {
    await start({
      ...offered,
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      ciphers: 'TLS_AES_128_CCM_8_SHA256',
    });
    expect(await send(mailer)).toBeUndefined();
    expect(server.received[0]?.secure).toBe(false);
  });

  it('that is broken keeps a mail back when there is a password to protect', async () => {
    const broken = {
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      ciphers: 'TLS_AES_128_CCM_8_SHA256',
    } as const;
    await start(
      { ...broken, allowInsecureAuth: true, disabledCommands: [] },
      { user: 'me', password: 'sesame' },
    );
    expect(await send(mailer)).toContain(`(127.0.0.1:${server.port})`);
    expect(server.received).toHaveLength(0);
  });

  it('is not used with starttls=never, even when it is offered', async () => {
    await start(offered, { starttls: 'never' });
    expect(await send(mailer)).toBeUndefined();
    expect(server.received[0]?.secure).toBe(false);
  });

  it('is a must with starttls=required', async () => {
    await start({}, { starttls: 'required' });
    expect(await send(mailer)).toContain('TLS');
    expect(server.received).toHaveLength(0);
  });

  it('with starttls=required takes any certificate on a loopback address', async () => {
    await start(offered, { starttls: 'required' });
    expect(await send(mailer)).toBeUndefined();
    expect(server.received[0]?.secure).toBe(true);
  });

  it('with starttls=required wants a right certificate elsewhere', async () => {
    await start(offered, { starttls: 'required', host: LOOPBACK_BY_ANOTHER_NAME });
    expect(await send(mailer)).toMatch(/certificate/);
    expect(server.received).toHaveLength(0);
  });

  it('from the first byte with secure=true', async () => {
    await start({ secure: true }, { secure: true });
    expect(await send(mailer)).toBeUndefined();
    expect(server.received[0]?.secure).toBe(true);
  });

  it('from the first byte wants a right certificate elsewhere than on a loopback address', async () => {
    await start({ secure: true }, { secure: true, host: LOOPBACK_BY_ANOTHER_NAME });
    expect(await send(mailer)).toMatch(/certificate/);
  });
});

/** Leads to 127.0.0.1, and does not look like it. */
const LOOPBACK_BY_ANOTHER_NAME = '::ffff:127.0.0.1';

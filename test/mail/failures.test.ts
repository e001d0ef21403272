/** Servers that are missing, that hang, and that drop the connection, at every stage. */
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { Mailer, SmtpOptions } from '../../src/mail/mailer.js';
import { freePort } from '../support/server.js';
import { mailerTo, send } from './mail-server.js';
import { type Behaviour, type Stage, StageServer } from './stage-server.js';

let server: StageServer | undefined;
let mailer: Mailer;

async function start(
  behaviour?: (stage: Stage, connection: number, line: string) => Behaviour,
  options: Partial<SmtpOptions> = {},
): Promise<StageServer> {
  server = await StageServer.start(behaviour);
  mailer = mailerTo(server.port, options);
  return server;
}

afterEach(async () => {
  await mailer.close(0);
  await server?.stop();
  server = undefined;
});

const TLS_OFFERED = '250-stages\r\n250 STARTTLS';
const AUTH_OFFERED = '250-stages\r\n250 AUTH PLAIN';
const PIPELINING = '250-stages\r\n250 PIPELINING';

describe('a missing server', () => {
  it('is reported at once for every mail, with its address', async () => {
    const port = await freePort();
    mailer = mailerTo(port);
    const errors = await Promise.all([send(mailer), send(mailer)]);
    expect(errors).toEqual(Array(2).fill(`connection refused (127.0.0.1:${port})`));
  });

  it('under a name with several addresses is reported so too', async () => {
    const port = await freePort();
    mailer = mailerTo(port, { host: 'localhost' });
    expect(await send(mailer)).toBe(`connection refused (localhost:${port})`);
  });

  it('under an IPv6 address is named with brackets', async () => {
    const port = await freePort();
    mailer = mailerTo(port, { host: '::1' });
    expect(await send(mailer)).toContain(`([::1]:${port})`);
  });

  it('whose name does not exist is reported', async () => {
    mailer = mailerTo(25, { host: 'smtp.invalid' });
    expect(await send(mailer)).toMatch(/^host not found.* \(smtp\.invalid:25\)$/);
  });

  it('does no harm to the mails that come when it is there', async () => {
    const port = await freePort();
    mailer = mailerTo(port);
    expect(await send(mailer)).toContain('connection refused');
    server = await StageServer.start(undefined, port);
    expect(await send(mailer)).toBeUndefined();
  });
});

describe('a server that hangs', () => {
  const stages: [Stage, Partial<SmtpOptions>, string?][] = [
    ['greeting', {}],
    ['EHLO', {}],
    ['STARTTLS', {}, TLS_OFFERED],
    ['AUTH', { user: 'me', password: 'sesame' }, AUTH_OFFERED],
    ['MAIL', {}],
    ['MAIL', {}, PIPELINING],
    ['RCPT', {}],
    ['DATA', {}],
    ['body', {}],
  ];
  it.each(stages)(
    'at %s fails the mail after the timeout, and not the later one',
    async (at, options, ehlo) => {
      const stuck = (stage: Stage) => (stage === at ? 'hang' : stage === 'EHLO' ? ehlo : undefined);
      const { port } = await start((stage, connection) => (connection === 1 ? stuck(stage) : undefined), {
        timeout: 0.5,
        ...options,
      });
      const before = performance.now();
      expect(await send(mailer)).toContain(`timeout: 127.0.0.1:${port} was silent for 0.5 s`);
      expect(performance.now() - before).toBeGreaterThan(480);
      if (!options.user) expect(await send(mailer)).toBeUndefined();
    },
  );

  it('in the handshake of TLS fails the mail after the timeout', async () => {
    const { port } = await start((stage) => (stage === 'EHLO' ? TLS_OFFERED : undefined), { timeout: 0.5 });
    expect(await send(mailer)).toBe(`timeout: 127.0.0.1:${port} was silent for 0.5 s`);
  });

  it('while it should read a large mail fails it after the timeout', async () => {
    const stages = await start((stage, connection) => {
      if (stage === 'DATA' && connection === 1) stages.sockets[0]?.pause();
      return undefined;
    });
    mailer = mailerTo(stages.port, { timeout: 0.5 });
    expect(await send(mailer, { content: 'large '.repeat(2_000_000) })).toContain('was silent for 0.5 s');
    expect(await send(mailer)).toBeUndefined();
  });

  it('before there is a session fails all mails that have waited for it, at once', async () => {
    const stages = await start(
      (stage, connection) => (connection === 1 && stage === 'EHLO' ? 'hang' : undefined),
      {
        timeout: 0.5,
      },
    );
    const errors = await Promise.all([send(mailer), send(mailer), send(mailer)]);
    expect(errors.every((error) => error?.startsWith('timeout:'))).toBe(true);
    expect(stages.sockets).toHaveLength(1);
    expect(await send(mailer)).toBeUndefined();
  });

  it('says that a mail that was handed over may have arrived', async () => {
    await start((stage) => (stage === 'body' ? 'hang' : undefined), { timeout: 0.5 });
    expect(await send(mailer)).toContain('it may have arrived');
    expect(server?.bodies).toHaveLength(1);
  });
});

describe('a server that drops the connection', () => {
  const stages: [Stage, string?][] = [
    ['greeting'],
    ['EHLO'],
    ['STARTTLS', TLS_OFFERED],
    ['MAIL'],
    ['MAIL', PIPELINING],
    ['RCPT'],
    ['DATA'],
    ['body'],
  ];
  it.each(stages)('at %s fails that mail, once, and not the next one', async (at, ehlo) => {
    const drop = (stage: Stage) => (stage === at ? 'drop' : stage === 'EHLO' ? ehlo : undefined);
    const { port } = await start((stage, connection) => (connection === 1 ? drop(stage) : undefined));
    const [first, second] = await Promise.all([send(mailer), send(mailer, { subject: 'second' })]);
    expect(first).toMatch(/^connection (closed|reset)/);
    expect(first).toContain(`(127.0.0.1:${port})`);
    expect(second).toBeUndefined();
    expect(server?.count('MAIL')).toBeLessThanOrEqual(2);
    expect(server?.bodies.at(-1)).toContain('Subject: second');
  });

  it('keeps the order of the mails around the one that has failed', async () => {
    let mails = 0;
    await start((stage) => (stage === 'MAIL' && ++mails === 3 ? 'drop' : undefined));
    const order: string[] = [];
    const all = [1, 2, 3, 4, 5].map((i) =>
      send(mailer, { subject: `mail ${i}` }).then((error) => order.push(`${i} ${error === undefined}`)),
    );
    await Promise.all(all);
    // The third was tried on an old connection, so it got a second chance.
    expect(order).toEqual(['1 true', '2 true', '3 true', '4 true', '5 true']);
    expect(server?.bodies.map((body) => /^Subject: mail (\d)$/m.exec(body)?.[1])).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
  });
});

describe('a session that the server has ended between two mails', () => {
  it('is replaced when that is known', async () => {
    const { sockets } = await start();
    expect(await send(mailer)).toBeUndefined();
    sockets[0]?.end();
    await once(sockets[0] ?? process, 'close');
    expect(await send(mailer)).toBeUndefined();
    expect(server?.bodies).toHaveLength(2);
    expect(sockets).toHaveLength(2);
  });

  it.each(['drop', '421 too long idle', '421-bye\r\n421 bye'])(
    'is replaced when it only turns out at the next mail: %s',
    async (answer) => {
      const stages = await start((stage, connection) =>
        stage === 'MAIL' && connection === 1 && stages.bodies.length === 1 ? answer : undefined,
      );
      expect(await send(mailer)).toBeUndefined();
      expect(await send(mailer)).toBeUndefined();
      expect(stages.bodies).toHaveLength(2);
      expect(stages.sockets).toHaveLength(2);
    },
  );

  it('is replaced when the server says so by itself', async () => {
    const { sockets } = await start();
    expect(await send(mailer)).toBeUndefined();
    sockets[0]?.write('421 idle for too long\r\n');
    await once(sockets[0] ?? process, 'close');
    expect(await send(mailer)).toBeUndefined();
    expect(sockets).toHaveLength(2);
  });

  it('is replaced once for a mail, not for ever', async () => {
    const stages = await start((stage) =>
      stage === 'MAIL' && stages.bodies.length === 1 ? 'drop' : undefined,
    );
    expect(await send(mailer)).toBeUndefined();
    expect(await send(mailer)).toContain('connection closed');
    expect(stages.sockets).toHaveLength(2);
  });

  it.each(['DATA', 'body'] as const)('during %s: a mail is never sent twice', async (at) => {
    const stages = await start((stage) => (stage === at && stages.count('DATA') === 2 ? 'drop' : undefined));
    expect(await send(mailer)).toBeUndefined();
    const error = await send(mailer, { subject: 'second' });
    // Dropped at DATA it was not asked for, so it may be sent again; dropped after that it may have been taken.
    if (at === 'body') expect(error).toContain('it may have arrived');
    else expect(error).toBeUndefined();
    expect(stages.bodies.filter((body) => body.includes('Subject: second'))).toHaveLength(1);
  });
});

describe('a server that says no', () => {
  it('in the greeting is quoted', async () => {
    const { port } = await start((stage, connection) =>
      stage === 'greeting' && connection === 1 ? '421 too busy' : undefined,
    );
    expect(await send(mailer)).toBe(`session refused by 127.0.0.1:${port}: 421 too busy`);
    expect(await send(mailer)).toBeUndefined();
  });

  it('with several lines and control characters is quoted in one clean line', async () => {
    await start((stage) => (stage === 'MAIL' ? '550-go\x07\r\n550 away' : undefined));
    expect(await send(mailer)).toMatch(/: 550-go 550 away$/);
  });

  it('at length is cut', async () => {
    await start((stage) => (stage === 'MAIL' ? `550 ${'no '.repeat(1000)}` : undefined));
    expect((await send(mailer))?.length).toBeLessThan(400);
  });

  it('to a recipient does not see the next mail in the same transaction', async () => {
    const stages = await start((stage) =>
      stage === 'RCPT' && stages.count('RCPT') === 1 ? '550 no' : undefined,
    );
    expect(await send(mailer)).toContain('<b@example.org> 550 no');
    expect(await send(mailer)).toBeUndefined();
    expect(
      stages.lines.filter((line) => /RSET|MAIL|DATA/.test(line)).map((line) => line.slice(0, 6)),
    ).toEqual(['1 MAIL', '1 RSET', '1 MAIL', '1 DATA']);
  });

  it('to RSET too loses the session, and not the mail', async () => {
    const stages = await start((stage) => {
      if (stage === 'RSET') return '500 what?';
      return stage === 'RCPT' && stages.count('RCPT') === 1 ? '550 no' : undefined;
    });
    expect(await send(mailer)).toContain('550 no');
    expect(await send(mailer)).toBeUndefined();
    expect(stages.sockets).toHaveLength(2);
  });

  it('to STARTTLS with starttls=auto gets the mail without TLS', async () => {
    const stages = await start((stage) => {
      if (stage === 'EHLO') return TLS_OFFERED;
      return stage === 'STARTTLS' ? '454 not now' : undefined;
    });
    expect(await send(mailer)).toBeUndefined();
    expect(stages.count('STARTTLS')).toBe(1);
    expect(stages.sockets).toHaveLength(1);
  });

  it('to STARTTLS with starttls=required gets no mail', async () => {
    const answers: Partial<Record<Stage, string>> = { EHLO: TLS_OFFERED, STARTTLS: '454 not now' };
    const { port } = await start((stage) => answers[stage], { starttls: 'required' });
    expect(await send(mailer)).toBe(`TLS refused by 127.0.0.1:${port}: 454 not now`);
    expect(server?.count('MAIL')).toBe(0);
  });

  it('after the mail itself, and closes, gets no second copy', async () => {
    const stages = await start((stage) =>
      stage === 'body' && stages.bodies.length === 2 ? '421 full' : undefined,
    );
    expect(await send(mailer)).toBeUndefined();
    expect(await send(mailer)).toMatch(/^mail refused by .*: 421 full$/);
    expect(await send(mailer)).toBeUndefined();
    expect(stages.bodies).toHaveLength(3);
  });

  it('in nonsense fails the mail, and not the next one', async () => {
    await start((stage, connection) => (stage === 'MAIL' && connection === 1 ? 'nonsense' : undefined));
    expect(await send(mailer)).toContain('nonsense');
    expect(await send(mailer)).toBeUndefined();
  });
});

describe('an idle session', () => {
  it('is ended with QUIT after the timeout', async () => {
    const stages = await start(undefined, { timeout: 0.5 });
    expect(await send(mailer)).toBeUndefined();
    const before = performance.now();
    await once(stages.sockets[0] ?? process, 'close');
    expect(performance.now() - before).toBeGreaterThan(450);
    expect(stages.count('QUIT')).toBe(1);
    expect(await send(mailer)).toBeUndefined();
    expect(stages.sockets).toHaveLength(2);
  });

  it('is ended when the server does not answer QUIT', async () => {
    const stages = await start((stage) => (stage === 'QUIT' ? 'hang' : undefined), { timeout: 0.2 });
    expect(await send(mailer)).toBeUndefined();
    await once(stages.sockets[0] ?? process, 'close');
    expect(stages.count('QUIT')).toBe(1);
  });
});

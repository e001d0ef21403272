/** Mail objects and their onSent. The mails themselves, SMTP and its failures: test/mail. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { expect, test } from 'vitest';
import { HOST, startMailServer } from '../mail/mail-server.js';
import { closeAfterEach } from '../support/closing.js';
import { freePort, startServer } from '../support/server.js';
import { notesOf, start, stopAfterEach } from './run-script.js';

stopAfterEach();
const closing = closeAfterEach();

async function mailServer() {
  const server = await startMailServer();
  closing({ close: () => server.stop() });
  return { server, ini: `[smtp]\nhost=${HOST}\nport=${server.port}\n` };
}

test('onSent is called later, once, with nil, though it was set afterwards and nothing refers to the mail', async () => {
  const { server, ini } = await mailServer();
  const { log } = await start(
    `
    do
      local mail = cumulus:sendMail("Ann <ann@x.org>", "Hello", "Mail sent\\nfrom script code", "bob@x.org", "Eve <eve@x.org>")
      NOTE(type(mail), " ", getmetatable(mail))
      mail.mine = "field"
      function mail:onSent(...) NOTE("sent: ", select("#", ...), ..., " ", self.mine) end
    end
    for i = 1, 3 do collectgarbage() end
    NOTE("after the call")`,
    ini,
  );
  await log.waitFor('sent: ');
  const notes = log.texts('note').filter((text) => !text.includes('applications'));
  expect(notes).toEqual(['table Mail', 'after the call', 'sent: 1(null) field']);
  expect(server.received).toHaveLength(1);
  const [mail] = server.received;
  expect(mail).toMatchObject({ from: 'ann@x.org', to: ['bob@x.org', 'eve@x.org'] });
  expect(mail?.parsed.subject).toBe('Hello');
  expect(mail?.parsed.text?.trimEnd()).toBe('Mail sent\nfrom script code');
});

test('mails of one go leave in their order, one failure among them fails alone', async () => {
  const { server, ini } = await mailServer();
  const { log } = await start(
    `
    for i, recipient in ipairs { "a@x.org", "no address", "b@x.org" } do
      local mail = cumulus:sendMail("me@x.org", "mail " .. i, "text", recipient)
      function mail:onSent(err) NOTE("result ", i, " ", err) end
    end`,
    ini,
  );
  await log.waitFor('result 3 (null)');
  await log.waitFor('result 1 (null)');
  expect((await log.waitFor('result 2')).text).toMatch(/^result 2 .*no address.* has no @/);
  expect(server.received.map(({ parsed }) => parsed.subject)).toEqual(['mail 1', 'mail 3']);
});

test.each([
  ['"me@x.org", "s", "c"', 'recipient'],
  ['"me@x.org", "s", "c", ""', 'is empty'],
  ['"me@x.org", "s", "c", "nobody"', 'has no @'],
  ['"me@x.org", "s", "c", "a@x.org", {}', 'is empty'],
  ['"", "s", "c", "a@x.org"', 'is empty'],
  ['nil, "s", "c", "a@x.org"', 'is empty'],
  ['"me@x.org\\r\\nBcc: eve@x.org", "s", "c", "a@x.org"', 'control character'],
  ['"me@x.org", "s", "c", "a@x.org\\r\\nDATA"', 'control character'],
  ['"me@x.org", "s", "c", "a@x.org", "b"', 'has no @'],
  ['', 'is empty'],
])('sendMail(%s) is reported through onSent, and nothing is sent', async (arguments_, message) => {
  const { server, ini } = await mailServer();
  const { log } = await start(
    `
    local mail = cumulus:sendMail(${arguments_})
    function mail:onSent(err) NOTE("result ", err) end
    NOTE("after")`,
    ini,
  );
  expect((await log.waitFor('result ')).text).toContain(message);
  expect(log.texts('note').slice(0, 1)).toEqual(['after']);
  expect(server.connections).toBe(0);
});

test('CR and LF in a subject end no header', async () => {
  const { server, ini } = await mailServer();
  const { log } = await start(
    `local mail = cumulus:sendMail("me@x.org", "one\\r\\nBcc: eve@x.org\\r\\n\\r\\ntwo", "text", "a@x.org")
    function mail:onSent(err) NOTE("result ", err) end`,
    ini,
  );
  await log.waitFor('result ');
  for (const { parsed, to } of server.received) {
    expect(parsed.bcc).toBeUndefined();
    expect(parsed.text?.trimEnd()).toBe('text');
    expect(to).toEqual(['a@x.org']);
  }
});

test.each([
  ['"s", {}', 'content must be a string, not a table'],
  ['{}, "c"', 'subject must be a string, not a table'],
  ['print, "c"', 'subject must be a string, not a function'],
])('a subject or content that is no text (%s) is an error in the script', async (arguments_, message) => {
  const [note] = await notesOf(`
    NOTE(select(2, pcall(function() cumulus:sendMail("me@x.org", ${arguments_}, "a@x.org") end)))`);
  expect(note).toBe(`www/main.lua:2: sendMail: ${message}`);
});

test('a missing server is reported promptly', async () => {
  const port = await freePort();
  const begun = performance.now();
  const { log } = await start(
    `local mail = cumulus:sendMail("me@x.org", "s", "c", "a@x.org")
    function mail:onSent(err) ERROR(err) end`,
    `[smtp]\nhost=${HOST}\nport=${port}\n`,
  );
  expect((await log.waitFor('refused')).level).toBe('error');
  expect(performance.now() - begun).toBeLessThan(10_000);
});

test('a mail without onSent, one whose onSent throws and one in between three collections do no harm', async () => {
  const { server, ini } = await mailServer();
  const { log } = await start(
    `
    cumulus:sendMail("me@x.org", "one", "c", "a@x.org")
    function cumulus:sendMail2(...) local mail = self:sendMail(...) function mail:onSent() error({ code = 5 }) end end
    cumulus:sendMail2("me@x.org", "two", "c", "a@x.org")
    local mail = cumulus:sendMail("me@x.org", "three", "c", "a@x.org")
    function mail:onSent(err) for i = 1, 3 do collectgarbage() end NOTE("last ", err) end`,
    ini,
  );
  await log.waitFor('last (null)');
  expect(server.received).toHaveLength(3);
  expect(log.texts('error').join()).toMatch(/^application \/, onSent: error object { code = 5 }\n/);
});

test('mail that is sent inside onSent leaves, too', async () => {
  const { server, ini } = await mailServer();
  const { log } = await start(
    `
    local function send(n)
      local mail = cumulus:sendMail("me@x.org", "mail " .. n, "c", "a@x.org")
      function mail:onSent(err) if n < 4 then send(n + 1) else NOTE("done ", err) end end
    end
    send(1)`,
    ini,
  );
  await log.waitFor('done (null)');
  expect(server.received.map(({ parsed }) => parsed.subject)).toEqual([
    'mail 1',
    'mail 2',
    'mail 3',
    'mail 4',
  ]);
});

test('mail that onStop sends leaves before the server has stopped, and onSent is told', async () => {
  const { server, ini } = await mailServer();
  const running = await startServer(
    `function onStop()
      local mail = cumulus:sendMail("me@x.org", "bye", "c", "a@x.org")
      function mail:onSent(err) NOTE("told ", err) end
    end`,
    ini,
  );
  await running.stop();
  expect(server.received.map(({ parsed }) => parsed.subject)).toEqual(['bye']);
  expect(running.log.texts('note')).toContain('told (null)');
});

test('mail that cannot leave at the stop is logged and reported to onSent', async () => {
  const port = await freePort();
  const running = await startServer(
    `function onStop()
      local mail = cumulus:sendMail("me@x.org", "bye", "c", "a@x.org")
      function mail:onSent(err) NOTE("told ", err) end
    end`,
    `[smtp]\nhost=${HOST}\nport=${port}\n`,
  );
  await running.stop();
  expect(running.log.texts('note').join('\n')).toMatch(/told .*refused/);
  expect(running.log.texts('error').join('\n')).toContain(
    'mail to a@x.org not sent, as the server stops: "bye"',
  );
});

test('with an outbox each mail is a file that a mail parser reads', async () => {
  const { log, folder } = await start(
    `local mail = cumulus:sendMail("Ann <ann@x.org>", "Grüße", "Zoë\\n", "bob@x.org")
    function mail:onSent(err) NOTE("result ", err) end`,
    '[smtp]\noutbox=out\n',
  );
  await log.waitFor('result (null)');
  const [name = ''] = readdirSync(join(folder, 'out')).filter((file) => file.endsWith('.eml'));
  const parsed = await simpleParser(readFileSync(join(folder, 'out', name)));
  expect(parsed.subject).toBe('Grüße');
  expect(parsed.text).toBe('Zoë\n');
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { decodeAmf } from '../../src/lua/amf/index.js';
import { LuaTable } from '../../src/lua/table.js';
import { type MailServer, startMailServer } from '../mail/mail-server.js';
import { freePort, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { startOld } from './old-application.js';

let mails: MailServer;
let server: TestServer;
let port: number;
let peer: Peer;

beforeEach(async () => {
  port = await freePort();
  mails = await startMailServer();
  const digest = `[digest]\nport=${port}\nsender=digest@example.org\n`;
  server = await startOld('digest', `[smtp]\nhost=127.0.0.1\nport=${mails.port}\n${digest}`);
  peer = await Peer.connect(port);
});

afterEach(async () => {
  peer.close();
  await server.stop();
  await mails.stop();
});

async function ask(command: string): Promise<string> {
  peer.send(`${command}\n`);
  return (await peer.readUntil()).trimEnd();
}

test('articles leave as one mail to all subscribers, and are gone from the list', async () => {
  expect(await ask('SUBSCRIBE nobody')).toBe('BAD ADDRESS');
  expect(await ask('SUBSCRIBE ann@example.org')).toBe('OK 1');
  expect(await ask('SUBSCRIBE bob@example.org')).toBe('OK 2');
  expect(await ask('SEND')).toBe('NOTHING');
  expect(await ask('POST carl Über Äpfel')).toBe('OK 1');
  expect(await ask('POST dora News')).toBe('OK 2');
  expect(await ask('SEND')).toBe('SENT 1 2');
  expect(mails.received).toHaveLength(1);
  expect(mails.received[0]).toMatchObject({
    from: 'digest@example.org',
    to: ['ann@example.org', 'bob@example.org'],
  });
  expect(mails.received[0]?.parsed.subject).toBe('Digest 1: News');
  expect(mails.received[0]?.parsed.text?.trim()).toBe('* Über Äpfel (carl)\n* News (dora)');
  expect(await ask('STATE')).toBe('STATE 2 0 1 none');
  expect(server.log.texts('error')).toEqual([]);
});

test('the state survives a reload in its AMF file, and its articles have their methods again', async () => {
  await ask('SUBSCRIBE ann@example.org');
  await ask('POST carl First');
  const id = createHash('sha256').update('carlFirst').digest('hex').slice(0, 12);
  expect(await ask('STATE')).toBe(`STATE 1 1 0 ${id}`);
  const [state, saved] = decodeAmf(readFileSync(join(server.folder, 'www/digest/state.amf')));
  expect(Math.abs(Number(saved) - Date.now())).toBeLessThan(10_000);
  expect(state).toBeInstanceOf(LuaTable);
  const main = readFileSync(join(server.folder, 'www/digest/main.lua'), 'utf8');
  server.write('digest/main.lua', `${main}\n-- edited`);
  await server.log.waitFor('Digest with 1 subscribers and 1 articles');
  peer.close();
  peer = await Peer.connect(port);
  expect(await ask('STATE')).toBe(`STATE 1 1 0 ${id}`);
  expect(await ask('SEND')).toBe('SENT 1 1');
  expect(mails.received[0]?.parsed.text?.trim()).toBe('* First (carl)');
});

test('a damaged state file is an ERROR with the position, and the application starts anew', async () => {
  await ask('SUBSCRIBE ann@example.org');
  const main = readFileSync(join(server.folder, 'www/digest/main.lua'), 'utf8');
  server.write('digest/main.lua', main.replace('out:write(', 'out:write("\\17\\99", '));
  await server.log.waitFor('application /digest reloaded');
  const from = server.log.lines.length;
  server.write('digest/main.lua', main);
  await server.log.waitFor('application /digest reloaded', from);
  const error = server.log.lines.find(({ level }) => level === 'error');
  expect(error).toMatchObject({ origin: { application: '/digest', file: 'digest/main.lua' } });
  expect(error?.text).toMatch(/^fromAMF: /);
  expect(server.log.texts('warn').join()).toContain('is damaged, starting anew');
  peer.close();
  peer = await Peer.connect(port);
  expect(await ask('STATE')).toBe('STATE 0 0 0 none');
});

test('articles stay when their mail fails', async () => {
  await mails.stop();
  await ask('SUBSCRIBE ann@example.org');
  await ask('POST carl First');
  expect(await ask('SEND')).toBe('FAILED');
  expect(await ask('STATE')).toMatch(/^STATE 1 1 0 /);
  mails = await startMailServer();
});

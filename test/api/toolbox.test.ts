import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { start, stopAfterEach } from './run-script.js';

stopAfterEach();

test('the example "toolbox" answers its commands', async () => {
  const port = await freePort();
  const source = readFileSync(new URL('../../scripts/toolbox/main.lua', import.meta.url), 'utf8');
  const { log, folder } = await start({ 'toolbox/main.lua': source.replaceAll('1238', String(port)) });
  await log.waitFor(`toolbox in ${folder}/www/toolbox/; try`);
  const peer = await Peer.connect(port);
  peer.send('time\nsha256 abc\r\namf one two\nnonsense\nban 192.0.2.1\npardon 192.0.2.1\n');
  expect(await peer.readUntil()).toMatch(/^\d{13} ms since 1970\n$/);
  expect(await peer.readUntil()).toMatch(/^ba7816bf8f01cfea[0-9a-f]{48}\n$/);
  expect(await peer.readUntil()).toBe('1109050106076f6e65060774776f = one two\n');
  expect(await peer.readUntil()).toContain('sha256 TEXT');
  expect(await peer.readUntil()).toContain('dropped now');
  expect(await peer.readUntil()).toBe('welcome again\n');
  expect(log.texts('error')).toEqual([]);
  peer.close();
});

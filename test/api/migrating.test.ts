/** docs/migrating.md: its lines about the two versions of Lua hold, and its sample answers. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { readSamples, withPorts } from '../support/samples.js';
import { freePort, LUA_VERSION } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { notesOf, start, stopAfterEach } from './run-script.js';

stopAfterEach();
const closing = closeAfterEach();

const PAGE = new URL('../../docs/migrating.md', import.meta.url);

/** "| `expression` | `in 5.4` | `in 5.1` |" */
const ROW = /^\| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|/gm;

test('each expression gives what the table says', async () => {
  const [, section = ''] = /\n## Lua 5.1 and Lua 5.4\n(.*?)\n## /s.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const rows = [...section.matchAll(ROW)];
  expect(rows).toHaveLength((section.match(/^\| `/gm) ?? []).length);
  expect(rows.length).toBeGreaterThan(10);
  const script = rows.map(([, expression]) => `show(function() return ${expression} end)`).join('\n');
  const seen = await notesOf(`
    local function show(f)
      local ok, value = pcall(f)
      NOTE(ok and tostring(value) or "error")
    end
    ${script}`);
  const column = LUA_VERSION === '5.4' ? 2 : 3;
  expect(rows.map(([, expression], i) => [expression, seen[i]])).toEqual(
    rows.map((row) => [row[1], row[column]]),
  );
});

test('lines: whole lines come back, the rest is kept', async () => {
  const port = await freePort();
  const sample = readSamples(PAGE).get('lines') ?? {};
  const { log } = await start(withPorts(sample, { 1234: port }));
  const peer = closing(await Peer.connect(port));
  peer.send('one\ntwo\nthr');
  expect((await peer.read(8)).toString()).toBe('one\ntwo\n');
  peer.send('ee\n');
  expect(await peer.readUntil()).toBe('three\n');
  expect(log.texts('error')).toEqual([]);
});

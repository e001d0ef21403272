import { afterEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';

let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

test('editing a module that was required reloads every application that has it, and no other', async () => {
  const main = "NOTE('value ', require('shared').value)";
  running = await startServer({
    'shared.lua': 'return { value = 1 }',
    'a/main.lua': main,
    'b/main.lua': main,
    'c/main.lua': 'NOTE("alone")',
  });
  running.write('shared.lua', 'return { value = 2 }');
  await running.log.waitFor('application /a reloaded as generation 2: shared.lua changed');
  await running.log.waitFor('application /b reloaded as generation 2: shared.lua changed');
  const notes = running.log.texts('note');
  expect(notes.filter((text) => text === 'value 2')).toHaveLength(2);
  expect(notes.filter((text) => text === 'alone')).toHaveLength(1);
});

test('a syntax error in a module is found before the old version hears of it', async () => {
  running = await startServer({
    'main.lua': "require('lib.part') function onStop() NOTE('stopped') end",
    'lib/part.lua': 'return {}',
  });
  running.write('lib/part.lua', 'return {{');
  const line = await running.log.waitFor('not reloaded');
  expect(line.text).toContain('www/lib/part.lua:1:');
  expect(running.log.texts('note')).not.toContain('stopped');
});

test('a version that fails is rolled back with the modules that it had, as they were', async () => {
  running = await startServer({
    'main.lua': "NOTE('value ', require('part').value)",
    'part.lua': 'return { value = "good" }',
  });
  running.write('part.lua', 'error("bad module")');
  await running.log.waitFor('rolled back');
  expect(running.log.texts('note').filter((text) => text === 'value good')).toHaveLength(2);
});

test('a file that was loaded with dofile, and one that was missing, cause a reload', async () => {
  running = await startServer({
    'main.lua': "NOTE(dofile('settings.lua'), ' ', pcall(require, 'extra'))",
    'settings.lua': 'return "one"',
  });
  running.write('settings.lua', 'return "two"');
  await running.log.waitFor(/^two \(false\)/);
  running.write('extra.lua', 'return 1');
  await running.log.waitFor(/^two \(true\)/);
});

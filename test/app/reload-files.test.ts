import { cpSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';

let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const script = (name: string) => `
  function onStart(path) NOTE("start ${name} ", path) end
  function onStop(path) NOTE("stop ${name} ", path) end
`;

test('applications that are added, removed and renamed start and stop', async () => {
  running = await startServer({ 'main.lua': script('root') });
  running.write('Games/lobby/main.lua', script('lobby'));
  await running.log.waitFor('start lobby /Games/lobby');
  renameSync(join(running.folder, 'www/Games/lobby'), join(running.folder, 'www/Games/hall'));
  await running.log.waitFor('stop lobby /Games/lobby');
  await running.log.waitFor('start lobby /Games/hall');
  rmSync(join(running.folder, 'www/Games'), { recursive: true });
  await running.log.waitFor('stop lobby /Games/hall');
  await running.log.waitFor('application /Games/hall stopped: its main.lua is gone');
  expect(running.log.texts('error')).toEqual([]);
});

test('an editor that renames a new file over the old causes one reload', async () => {
  running = await startServer(script('one'));
  const main = join(running.folder, 'www/main.lua');
  writeFileSync(`${main}~`, script('two'));
  renameSync(`${main}~`, main);
  await running.log.waitFor('start two');
  running.write('main.lua', script('three'));
  await running.log.waitFor('reloaded as generation 3');
  expect(running.log.texts('note').filter((text) => text.includes('reloaded'))).toHaveLength(2);
});

test('a file that is deleted and created again within the debounce is one reload', async () => {
  running = await startServer(script('one'), '[reload]\ndelay=300\n');
  running.remove('main.lua');
  running.write('main.lua', script('two'));
  await running.log.waitFor('reloaded as generation 2');
  expect(running.log.texts().join('\n')).not.toContain('is gone');
});

test.each([
  ['the folder of an application', 'shop'],
  ['the folder of all applications', '.'],
])('%s that is replaced by another one is followed there', async (_, name) => {
  running = await startServer({ 'shop/main.lua': script('one') });
  const www = join(running.folder, 'www');
  cpSync(join(www, name), join(running.folder, 'new'), { recursive: true });
  writeFileSync(join(running.folder, 'new', relative(name, 'shop'), 'main.lua'), script('two'));
  renameSync(join(www, name), join(running.folder, 'old'));
  renameSync(join(running.folder, 'new'), join(www, name));
  await running.log.waitFor('start two');
  running.write('shop/main.lua', script('three'));
  await running.log.waitFor('start three');
});

test('an application that is deleted and created again at once is followed', async () => {
  running = await startServer({ 'shop/main.lua': script('0') });
  for (let i = 1; i <= 10; i++) {
    running.remove('shop');
    running.write('shop/main.lua', script(`${i}`));
    await running.log.waitFor(`start ${i} `);
    running.write('shop/main.lua', script(`${i} again`));
    await running.log.waitFor(`start ${i} again`);
  }
});

test('an application that is deleted while its reload is prepared is stopped, and not rolled back', async () => {
  running = await startServer({ 'a/main.lua': '', 'b/main.lua': script('one') }, '[reload]\nenabled=false\n');
  // Both are prepared at the same time; the first one to be ready deletes the other.
  running.write('a/main.lua', 'assert(os.remove("../b/main.lua"))');
  running.write('b/main.lua', script('two'));
  await running.server.refresh();
  await running.server.refresh();
  await running.log.waitFor('application /b stopped: its main.lua is gone');
  expect(running.log.texts('error')).toEqual([]);
  expect(running.log.texts('note').filter((text) => text.startsWith('stop one'))).toHaveLength(1);
});

test('a main.lua that is away while its reload is prepared is followed when it is there again', async () => {
  running = await startServer(script('one'), '[reload]\nenabled=false\n');
  running.write('main.lua', script('two'));
  const refreshed = running.server.refresh();
  await new Promise((resolve) => setImmediate(resolve));
  running.remove('main.lua');
  await refreshed;
  running.write('main.lua', script('three'));
  await running.server.refresh();
  await running.log.waitFor('start three');
  expect(running.log.texts('error')).toEqual([]);
});

test('an application that failed to start is started when its file is mended', async () => {
  running = await startServer('this is not Lua');
  expect(running.log.texts('error').join()).toContain('www/main.lua:1:');
  running.write('main.lua', script('mended'));
  await running.log.waitFor('start mended');
});

test('saves that come while a reload is in flight lead to one more', async () => {
  running = await startServer(script('v0'), '[reload]\ndelay=1\n');
  for (let i = 1; i <= 30; i++) {
    running.write('main.lua', script(`v${i}`));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await running.log.waitFor('start v30');
  const texts = running.log.texts('note');
  const starts = texts.filter((text) => text.startsWith('start'));
  const stops = texts.filter((text) => text.startsWith('stop'));
  expect(stops).toHaveLength(starts.length - 1);
});

test('with enabled=false nothing is reloaded until it is asked for', async () => {
  running = await startServer(
    { 'a/main.lua': script('a1'), 'b/main.lua': script('b1') },
    '[reload]\nenabled=false\n',
  );
  running.write('a/main.lua', script('a2 is longer'));
  running.write('c/main.lua', script('c1'));
  await running.server.refresh();
  const texts = running.log.texts('note');
  expect(texts).toContain('start a2 is longer /a');
  expect(texts).toContain('start c1 /c');
  expect(texts.filter((text) => text.startsWith('stop'))).toEqual(['stop a1 /a']);
});

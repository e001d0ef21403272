/** `require`, `dofile`, `loadfile` and `package`, on both engines. */
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure, printed, serve } from '../support/script.js';
import { LUA_VERSION, temporaryFolder } from '../support/server.js';

test('require finds modules by dots, by slashes, by file name, and folders with an init.lua', async () => {
  const lines = await printed({
    'main.lua': `
      print(require('lib.greet').name, require('lib/greet').name, require('lib/greet.lua').name)
      print(require('pack').name, require 'lib.greet' == require 'lib.greet', package.loaded['lib.greet'].name)`,
    'lib/greet.lua': `return { name = ... }`,
    'pack/init.lua': `return { name = 'init of ' .. ... }`,
  });
  expect(lines).toEqual(['lib.greet\tlib/greet\tlib/greet.lua', 'init of pack\ttrue\tlib.greet']);
});

test('a module is looked for in the folders above, too, the own one first', async () => {
  const server = await serve({
    'Games/chat/main.lua': `print((require('own')), (require('shared')), (require('top')))`,
    'Games/chat/own.lua': `return 'own of chat'`,
    'Games/own.lua': `return 'own of Games'`,
    'Games/shared.lua': `return 'shared of Games'`,
    'shared.lua': `return 'shared of www'`,
    'top.lua': `return 'top'`,
  });
  expect(server.log.texts('print')).toEqual(['own of chat\tshared of Games\ttop']);
});

test('a module that is nowhere is an error that lists what was tried', async () => {
  const message = await failure({ 'a/main.lua': `\nrequire 'lib.nothing'` });
  expect(message).toContain("www/a/main.lua:2: module 'lib.nothing' not found:");
  for (const file of ['www/a/lib/nothing.lua', 'www/a/lib/nothing/init.lua', 'www/lib/nothing.lua'])
    expect(message).toContain(`\tno file '${file}'`);
});

test('an error in a module names the module, its file and its line', async () => {
  const broken = await failure({ 'main.lua': `require 'broken'`, 'broken.lua': `\nlocal = 1` });
  expect(broken).toContain("error loading module 'broken' from file 'www/broken.lua':\n\twww/broken.lua:2:");
  const failing = await failure({
    'main.lua': `require 'lib.failing'`,
    'lib/failing.lua': `\nerror('boom')`,
  });
  expect(failing).toContain('www/lib/failing.lua:2: boom');
});

test('package.path, preload and searchers can be changed', async () => {
  const lines = await printed({
    'main.lua': `
      package.path = './odd/?.mod;' .. package.path
      print((require('x')), (require('plain')))
      package.preload.virtual = function(name) return 'preloaded ' .. name end
      print((require('virtual')))
      local searchers = package.searchers or package.loaders
      assert(searchers == package.loaders)
      table.insert(searchers, function(name) return function() return 'made ' .. name end end)
      print((require('anything')))
      package.path = nil
      print(pcall(require, 'more'))`,
    'odd/x.mod': `return 'odd x'`,
    'plain.lua': `return 'plain'`,
  });
  expect(lines.slice(0, 3)).toEqual(['odd x\tplain', 'preloaded virtual', 'made anything']);
  expect(lines[3]).toContain("'package.path' must be a string");
});

test('package.searchpath tells where a module is, or what was tried', async () => {
  const lines = await printed({
    'main.lua': `
      print((package.searchpath('a.b', './?.lua'):gsub('^.*/www/', '')))
      print(package.searchpath('a-b', './?.lua;x/?.y', '-', '+'))`,
    'a/b.lua': '',
  });
  expect(lines).toEqual(['a/b.lua', "nil\tno file 'www/a+b.lua'\n\tno file 'www/x/a+b.y'"]);
});

test('the module gets its name, and 5.4 tells it its file', async () => {
  const lines = await printed({
    'main.lua': `require 'lib.who'`,
    'lib/who.lua': `local name, file = ... print(name, file and file:match('www/.*$'))`,
  });
  expect(lines).toEqual([`lib.who\t${LUA_VERSION === '5.4' ? 'www/lib/who.lua' : 'nil'}`]);
});

test('dofile and loadfile look in the same folders, and give values and errors', async () => {
  const server = await serve({
    'sub/main.lua': `
      print(dofile('values.lua'))
      print(dofile('../top.lua'))
      print(loadfile('values.lua')())
      print(loadfile('broken.lua'))
      print(loadfile('missing.lua'))
      print(pcall(dofile, 'missing.lua'))
      print(loadfile('env.lua', 't', { x = 'given' })())
      print(loadfile('env.lua', 'b'))`,
    'sub/values.lua': `return 1, 'two', nil, 4`,
    'sub/broken.lua': `x =`,
    'sub/env.lua': `return x`,
    'top.lua': `return 'top'`,
    'values.lua': `return 'not this one'`,
  });
  expect(server.log.texts('error')).toEqual([]);
  const lines = server.log.texts('print');
  expect(lines.slice(0, 3)).toEqual(['1\ttwo\tnil\t4', 'top', '1\ttwo\tnil\t4']);
  expect(lines[3]).toMatch(/^nil\twww\/sub\/broken\.lua:1: unexpected symbol/);
  const missing =
    "cannot open missing.lua: No such file or directory (no file 'www/sub/missing.lua', no file 'www/missing.lua')";
  expect(lines[4]).toBe(`nil\t${missing}`);
  expect(lines[5]).toBe(`false\t${missing}`);
  expect(lines[6]).toBe('given');
  expect(lines[7]).toBe("nil\tenv.lua: attempt to load a text chunk (mode is 'b')");
});

test('dofile and loadfile without a name are refused: there is no standard input', async () => {
  expect(await failure('dofile()')).toContain(`www/main.lua:1: bad argument #1 to 'dofile'`);
  expect(await failure('loadfile()')).toContain(`www/main.lua:1: bad argument #1 to 'loadfile'`);
});

test('a module may begin with a line for the shell', async () => {
  expect(
    await printed({ 'main.lua': `print((require 'tool'))`, 'tool.lua': `#!/usr/bin/lua\nreturn 'ok'` }),
  ).toEqual(['ok']);
});

test('modules outside of the bound are not found, and the error says why', async () => {
  const outside = temporaryFolder();
  writeFileSync(join(outside, 'secret.lua'), `return 'secret'`);
  const message = await failure(`package.path = '${outside}/?.lua' require 'secret'`);
  expect(message).toMatch(/secret\.lua': outside of the applications' folder .*\/www/);
  const linked = await serve(`function onManage() print(pcall(require, 'link.secret')) end`);
  symlinkSync(outside, join(linked.folder, 'www/link'));
  const line = await linked.log.waitFor("'./link/secret.lua': outside of the applications' folder");
  expect(line.text).toMatch(/^false/);
  const named = await printed(`print(pcall(dofile, '${outside}/secret.lua'))`);
  expect(named[0]).toContain("outside of the applications' folder");
  const any = await serve(`print(dofile('${outside}/secret.lua'))`, '[lua]\nfiles=any\n');
  expect(any.log.texts('print')).toEqual(['secret']);
});

test('with files=none the application still loads its own modules', async () => {
  const lines = await printed(
    {
      'main.lua': `print(require 'mod', dofile('mod.lua'), io.open('mod.lua'))`,
      'mod.lua': `return 'mod'`,
    },
    '[lua]\nfiles=none\n',
  );
  expect(lines).toEqual(['mod\tmod\tnil\tmod.lua: files are switched off: [lua] files=none\t13']);
});

test('100 modules are required in 50 ms', async () => {
  const modules = Array.from({ length: 100 }, (_, i) => [
    `lib/m${i}.lua`,
    `local M = {}\nfunction M.answer() return ${i} end\nreturn M\n`,
  ]);
  const main = `
    local start = os.clock()
    for i = 0, 99 do assert(require('lib.m' .. i).answer() == i) end
    print((os.clock() - start) * 1000)`;
  // In time of the processor, which others on the machine do not change; several times, as V8 compiles in the first.
  const lines = await printed({
    ...Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`${name}/main.lua`, main])),
    ...Object.fromEntries(modules),
  });
  expect(Math.min(...lines.map(Number))).toBeLessThanOrEqual(50);
});

test('Lua that the application itself writes and loads is data: read afresh, and no cause of a reload', async () => {
  const server = await serve({
    'main.lua': `
      function save(n) local f = io.open('state.lua', 'w') f:write('return ' .. n) f:close() end
      print('start', dofile('state.lua'))
      save(2) print(dofile('state.lua')) save(3) print(dofile('state.lua'))
      function onStop() save(4) end`,
    'state.lua': 'return 1',
  });
  await server.server.refresh();
  expect(server.log.texts('print')).toEqual(['start\t1', '2', '3']);
  writeFileSync(join(server.folder, 'www/main.lua'), `print('again', dofile('state.lua'))`);
  await server.server.refresh();
  expect(server.log.texts('print').slice(3)).toEqual(['again\t4']);
  await server.server.refresh();
  expect(server.log.texts('print').slice(4)).toEqual([]);
});

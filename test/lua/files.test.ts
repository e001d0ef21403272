/** Which files a script may reach: the bound of `[lua] files`, and attacks on it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { Bounds } from '../../src/lua/files/bounds.js';
import { DiskFile } from '../../src/lua/files/disk-file.js';
import { parseMode } from '../../src/lua/files/modes.js';
import { openFile } from '../../src/lua/files/opening.js';
import { printed, serve } from '../support/script.js';
import { temporaryFolder } from '../support/server.js';

const REFUSED = /outside of the applications' folder \/.*\/www \(\[lua\] files=any lifts this bound\)\t13$/;

/** A folder beside the applications', with a file that no script may see. */
function outsideFolder(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  return folder;
}

/** Runs `body` as main.lua of a server whose folder of applications `prepare` has changed. */
async function attack(body: string, prepare: (www: string) => void): Promise<string[]> {
  const server = await serve('');
  prepare(join(server.folder, 'www'));
  server.write('main.lua', body);
  await server.server.refresh();
  expect(server.log.texts('error')).toEqual([]);
  return server.log.texts('print');
}

test('paths outside are refused, for every function and every way to write them', async () => {
  const outside = outsideFolder();
  const lines = await printed({
    'app/main.lua': `
      for _, name in ipairs { '/etc/passwd', '${outside}/secret.txt', '../../secret.txt', '../../../../../../etc/passwd',
        '../app/../../secret', '../../www-other/x', '/', '..//..', './../../x' } do
        for _, mode in ipairs { 'r', 'w', 'a', 'r+', 'w+', 'a+' } do print(io.open(name, mode)) end
        print(os.remove(name)) print(os.rename(name, 'here')) print(os.rename('main.lua', name))
      end`,
  });
  expect(lines).toHaveLength(9 * 9);
  for (const line of lines) expect(line).toMatch(REFUSED);
  expect(lines[0]).toMatch(/^nil\t\/etc\/passwd: /);
  expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe('secret');
});

test('io.lines, io.input, io.output, dofile and loadfile are bound as well', async () => {
  const outside = outsideFolder();
  const lines = await printed(`
    local name = '${outside}/secret.txt'
    print(pcall(io.lines, name)) print(pcall(io.input, name)) print(pcall(io.output, name))
    print(pcall(dofile, name)) print(loadfile(name))`);
  for (const line of lines) expect(line).toContain("outside of the applications' folder");
});

test('a path within may be absolute, go up and down again, and lead to another application', async () => {
  const server = await serve({
    'a/main.lua': `
      print(io.open('../b/data.txt'):read('a'))
      print(io.open('../a/./../b/data.txt'):read('a'))
      local here = os.tmpname() os.remove(here)
      print(io.open(here:gsub('/a/lua_%w+$', '/b/data.txt') .. ''):read('a'))`,
    'b/data.txt': 'data of b',
  });
  expect(server.log.texts('error')).toEqual([]);
  expect(server.log.texts('print')).toEqual(Array(3).fill('data of b'));
});

test('a link that leads out is refused, as the file, as a folder, dangling, and through another', async () => {
  const outside = outsideFolder();
  const lines = await attack(
    `for _, name in ipairs { 'file', 'folder/secret.txt', 'dangling', 'twice', 'chain/secret.txt', 'deep/folder/new' } do
       print(io.open(name)) print(io.open(name, 'w')) print(io.open(name, 'a+'))
     end
     print(os.remove('folder/secret.txt')) print(os.rename('folder/secret.txt', 'mine'))
     print(os.rename('main.lua', 'folder/main.lua'))`,
    (www) => {
      symlinkSync(join(outside, 'secret.txt'), join(www, 'file'));
      symlinkSync(outside, join(www, 'folder'));
      symlinkSync(join(outside, 'new.txt'), join(www, 'dangling'));
      symlinkSync('file', join(www, 'twice'));
      symlinkSync('folder', join(www, 'chain'));
      mkdirSync(join(www, 'deep'));
      symlinkSync(relative(join(www, 'deep'), outside), join(www, 'deep/folder'));
    },
  );
  expect(lines).toHaveLength(21);
  for (const line of lines)
    expect(line).toMatch(/^nil\t.*(outside of the applications' folder|No such file)/);
  expect(lines.filter((line) => line.includes('No such file'))).toHaveLength(3);
  expect(existsSync(join(outside, 'new.txt'))).toBe(false);
  expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe('secret');
});

test('a link that stays inside is an ordinary name, and removing it leaves its target', async () => {
  const lines = await attack(
    `print(io.open('link'):read('a')) print(io.open('to/data.txt'):read('a'))
     local f = io.open('link', 'a') f:write('+') f:close() print(io.open('data.txt'):read('a'))
     print(os.remove('link')) print(io.open('data.txt'):read('a'))`,
    (www) => {
      writeFileSync(join(www, 'data.txt'), 'data');
      symlinkSync('data.txt', join(www, 'link'));
      symlinkSync('.', join(www, 'to'));
    },
  );
  expect(lines).toEqual(['data', 'data', 'data+', 'true', 'data+']);
});

test('a link put in place between the check and the opening is not followed', () => {
  const outside = outsideFolder();
  const root = temporaryFolder();
  writeFileSync(join(root, 'data.txt'), 'data');
  const mode = parseMode('r', true);
  class Raced extends Bounds {
    override resolve(name: string): string {
      const path = super.resolve(name);
      symlinkSync(join(outside, 'secret.txt'), path);
      return path;
    }
  }
  const bounds = new Raced('applications', { root, folder: root, shown: 'www' });
  expect(() => mode && openFile(bounds, 'new.txt', mode, 1000)).toThrow(
    /outside of the applications' folder/,
  );
});

test('NUL in a name is refused', async () => {
  const lines = await printed(`
    print(io.open('main.lua\\0.txt')) print(os.remove('main.lua\\0')) print(os.rename('main.lua', 'x\\0y'))
    print(pcall(dofile, 'main.lua\\0')) print(package.searchpath('x', './?\\0.lua'))`);
  for (const line of lines) expect(line).toContain('a file name cannot contain NUL');
});

test('a folder of an application that the operator has linked in is its own', async () => {
  const elsewhere = temporaryFolder();
  const own = join(elsewhere, 'chat');
  mkdirSync(own);
  writeFileSync(join(own, 'data.txt'), 'data of chat');
  writeFileSync(join(elsewhere, 'secret.txt'), 'secret');
  writeFileSync(
    join(own, 'main.lua'),
    `print(io.open('data.txt'):read('a')) print(require('mod') == 'mod') print(io.open('${elsewhere}/secret.txt'))`,
  );
  writeFileSync(join(own, 'mod.lua'), `return 'mod'`);
  const server = await serve({ 'main.lua': '' });
  symlinkSync(own, join(server.folder, 'www/chat'));
  await server.server.refresh();
  const lines = server.log.texts('print');
  expect(lines.slice(0, 2)).toEqual(['data of chat', 'true']);
  expect(lines[2]).toMatch(REFUSED);
});

test('files=any lifts the bound, files=none refuses all', async () => {
  const outside = outsideFolder();
  const script = `
    print(io.open('${outside}/secret.txt')) print(io.open('main.lua')) print(io.tmpfile()) print(os.tmpname())
    print(os.remove('missing')) print(os.rename('missing', 'other'))`;
  const any = await printed(script, '[lua]\nfiles=any\n');
  expect(any.slice(0, 3).join()).toMatch(/^file \(0x\w+\),file \(0x\w+\),file \(0x\w+\)$/);
  expect(any[3]).toMatch(/^\/.*lua_\w+$/);
  expect(any[4]).toBe('nil\tmissing: No such file or directory\t2');
  const none = await printed(script, '[lua]\nfiles=none\n');
  expect(none).toHaveLength(6);
  for (const line of none) expect(line).toMatch(/^nil\t.*files are switched off: \[lua\] files=none\t13$/);
});

test('a pipe nobody is at the other end of does not stop the server', async () => {
  const lines = await attack(`print(io.open('pipe', 'w')) print(io.open('pipe'):read('a'))`, (www) =>
    execFileSync('mkfifo', [join(www, 'pipe')]),
  );
  expect(lines[0]).toMatch(/^nil\tpipe: /);
  expect(lines[1]).toBe('');
});

test('data that cannot be written any more when the file is dropped is reported', () => {
  const root = temporaryFolder();
  const mode = parseMode('w', true);
  if (!mode) throw new Error('a mode');
  const file = openFile(new Bounds('any', { root, folder: root, shown: 'www' }), '/dev/full', mode, 1000);
  file.write(Buffer.from('lost'));
  expect(file).toBeInstanceOf(DiskFile);
  expect(() => file.close()).toThrow(/ENOSPC/);
  expect(file.closed).toBe(true);
});

test('a full disk is an error to the script, and a warning where the script has gone', async () => {
  const server = await serve(
    `
    local f = io.open('/dev/full', 'w') print(f:write('x')) print(f:flush())
    kept = io.open('/dev/full', 'w') kept:write('lost')`,
    '[lua]\nfiles=any\n',
  );
  expect(server.log.texts('print')[1]).toBe('nil\tNo space left on device\t28');
  await server.server.stop();
  expect(server.log.texts('warn')).toContain('/dev/full: not written completely: No space left on device');
});

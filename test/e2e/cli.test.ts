/** What the command line takes, what the console shows. Exit codes of a configuration that is wrong: test/ops. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Daemons } from '../support/daemon.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const daemons = new Daemons();

afterEach(() => daemons.close());

/** A frame of JavaScript: nothing that a user does may show one. */
const STACK = /^\s+at .*(\.js|node:)/m;

test.each(['--help', '-h'])('%s prints the options to stdout and ends with 0', async (option) => {
  const { code, stdout, stderr } = await daemons.run([option]).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const text of [
    'Usage: cumulus-server',
    '--config <file>',
    '--log <level>',
    '--version',
    'Exit codes:',
  ])
    expect(stdout).toContain(text);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(120);
});

test.each(['--version', '-V'])('%s prints the version of the package and ends with 0', async (option) => {
  const { code, stdout, stderr } = await daemons.run([option]).ended;
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('without --config the CumulusServer.ini of the current folder is run, and missed when it is not there', async () => {
  const folder = daemons.folder();
  const missing = await daemons.run([], { cwd: folder }).ended;
  expect(missing.code).toBe(78);
  expect(missing.stderr).toContain('cumulus-server: CumulusServer.ini: no such file; copy ');
  expect(missing.stderr).not.toMatch(STACK);
  const { place } = daemons.start('NOTE("unused")');
  const daemon = daemons.run([], { cwd: place.folder });
  await daemon.waitFor('1 of 1 applications running');
});

test.each([
  ['[applications\npath=www', 78],
  ['[applications]\npath', 78],
  ['\xff\xfe\x00', 78],
])('an ini that is malformed (%j) ends with 78, with file and line', async (text, expected) => {
  const file = join(daemons.folder(), 'bad.ini');
  writeFileSync(file, Buffer.from(text, 'latin1'));
  const { code, stdout, stderr } = await daemons.run(['--config', file]).ended;
  expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
  expect(stderr).toContain(`${file}:`);
  expect(stderr).not.toMatch(STACK);
});

test('a folder in place of the ini ends with 78', async () => {
  const folder = daemons.folder();
  const { code, stderr } = await daemons.run(['--config', folder]).ended;
  expect(code).toBe(78);
  expect(stderr).toContain(folder);
  expect(stderr).not.toMatch(STACK);
});

test.each([['-l7'], ['-l', '7'], ['--log=7'], ['--log', 'debug'], ['--log', 'DEBUG']])(
  'the level %s %s shows DEBUG and hides TRACE',
  async (...args) => {
    const { daemon } = daemons.start('DEBUG("shown") TRACE("hidden") NOTE("end of it")', '', args);
    await daemon.waitFor('end of it');
    daemon.signal('SIGTERM');
    const { stdout } = await daemon.ended;
    expect(stdout).toContain('DEBUG www/main.lua[1] shown\n');
    expect(stdout).not.toContain('hidden');
  },
);

test('a line on the console is the level, the file with its folder, the line, the text; print is bare', async () => {
  const { daemon } = daemons.start({
    'Games/chat/main.lua': `
NOTE("hello")
ERROR("bad") WARN("odd") INFO("so", "me") FATAL("f") CRITIC("c")
print("bare", 1)
NOTE("two\\nlines\\7")
NOTE("done")`,
  });
  await daemon.waitFor('applications running');
  daemon.signal('SIGTERM');
  const { stdout } = await daemon.ended;
  const lines = stdout.split('\n');
  const from = lines.indexOf('NOTE  chat/main.lua[2] hello');
  expect(lines.slice(from, from + 11)).toEqual([
    'NOTE  chat/main.lua[2] hello',
    'ERROR chat/main.lua[3] bad',
    'WARN  chat/main.lua[3] odd',
    'INFO  chat/main.lua[3] some',
    'FATAL chat/main.lua[3] f',
    'CRITIC chat/main.lua[3] c',
    'bare\t1',
    'NOTE  chat/main.lua[5] two',
    '    lines\\x07',
    'NOTE  chat/main.lua[6] done',
    'INFO  application /Games/chat started',
  ]);
});

test('scripts that are not Lua, fail, or name a file that is not there: each is logged, the others run', async () => {
  const port = await freePort();
  const { daemon } = daemons.start({
    'binary/main.lua': Buffer.from([0, 1, 2, 255, 254]),
    'bytecode/main.lua': Buffer.from('\x1bLua\x54\x00\x19\x93', 'latin1'),
    'prose/main.lua': 'This is not Lua.',
    'fails/main.lua': '\nlocal x = nil + 1',
    'object/main.lua': 'error({ code = 1 })',
    'empty/main.lua': '',
    'start/main.lua':
      'function onStart() error("in onStart") end function onManage() NOTE("start goes on") end',
    'good/main.lua': `server = cumulus:createTCPServer()
      function server:clientHandler(client) client:send("good") end
      server:start(${port})`,
  });
  await daemon.waitFor('3 of 8 applications running');
  await daemon.waitFor('start goes on');
  const peer = await Peer.connect(port);
  expect((await peer.read(4)).toString()).toBe('good');
  peer.close();
  daemon.signal('SIGTERM');
  const { code, stdout, stderr } = await daemon.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/application \/prose not started: www\/prose\/main\.lua:1: /);
  expect(stdout).toMatch(
    /application \/fails not started: www\/fails\/main\.lua:2: attempt to perform arithmetic/,
  );
  expect(stdout).toMatch(/application \/object not started: error object { code = 1 }/);
  for (const name of ['binary', 'bytecode']) expect(stdout).toMatch(`application /${name} not started: `);
  expect(stdout).toMatch(/application \/start, onStart: www\/start\/main\.lua:1: in onStart/);
  expect(stdout).not.toMatch(STACK);
  expect(stdout).not.toContain('internal error');
});

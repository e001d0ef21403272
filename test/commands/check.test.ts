/** `cumulus-server check`: what it finds, what it prints, its exit code. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { BINARY, Daemons } from '../support/daemon.js';
import { type ApplicationFolder, applicationFolder, type Files } from '../support/server.js';

const daemons = new Daemons();
const SYNTAX_ERROR = 'local a = 1\nlocal b = = 2\n';

afterEach(() => daemons.close());

async function check(files: Files, ini = '', args: readonly string[] = []) {
  const { daemon, place } = daemons.start(files, ini, ['check', ...args]);
  return { ...(await daemon.ended), place };
}

test('nothing wrong: one line, exit code 0, and nothing has run', async () => {
  const files = { 'main.lua': 'NOTE("ran") error("ran")', 'a/main.lua': '', 'a/lib/util.lua': 'return {}' };
  const { code, stdout, stderr, place } = await check(files);
  expect(stdout).toBe(`${place.iniFile}: 2 applications, 3 Lua files, 0 errors, 0 warnings\n`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('every file that is not Lua is named with its line, modules and deep folders included; exit code 78', async () => {
  const files = {
    'main.lua': SYNTAX_ERROR,
    'a/main.lua': 'x = 1',
    'a/lib/deep/util.lua': '\n\nfunction (',
    'a/lib/text.txt': SYNTAX_ERROR,
    '.hidden/main.lua': SYNTAX_ERROR,
    'node_modules/x/main.lua': SYNTAX_ERROR,
  };
  const { code, stdout, place } = await check(files);
  expect(code).toBe(78);
  expect(stdout).toBe(
    `error: www/main.lua:2: unexpected symbol near '='
error: www/a/lib/deep/util.lua:3: <name> expected near '('
${place.iniFile}: 2 applications, 3 Lua files, 2 errors, 0 warnings
`,
  );
});

test('a folder that is a link is looked into, once round', async () => {
  const { daemon, place } = linked();
  const { code, stdout } = await daemon.ended;
  expect(stdout).toContain("error: www/link/main.lua:2: unexpected symbol near '='\n");
  expect(stdout).toContain(`${place.iniFile}: 1 application, 1 Lua file, 1 error, 1 warning\n`);
  expect(stdout).toMatch(/^warning: www\/round: a link to .*\/www, which it is in$/m);
  expect(code).toBe(78);
});

function linked() {
  const place = applicationFolder({});
  const outside = daemons.folder();
  writeFileSync(join(outside, 'main.lua'), SYNTAX_ERROR);
  symlinkSync(outside, join(place.folder, 'www/link'));
  symlinkSync(join(place.folder, 'www'), join(place.folder, 'www/round'));
  return { place, daemon: daemons.run(['check', '--config', place.iniFile]) };
}

describe('the dialect is the one of [lua] version', () => {
  const files = { 'main.lua': 'goto done\n::done::\nlocal x <const> = 7 // 2' };

  test.each([
    ['5.4', 0, '0 errors'],
    ['5.1', 78, 'error: www/main.lua:1: '],
  ])('%s', async (version, expected, wanted) => {
    const place = applicationFolder(files);
    writeFileSync(place.iniFile, `[lua]\nversion=${version}\n`);
    const { code, stdout } = await daemons.run(['check', '--config', place.iniFile]).ended;
    expect(stdout).toContain(wanted);
    expect(code).toBe(expected);
  });
});

test('a required application that is not there is an error with the line of the configuration', async () => {
  const { code, stdout, place } = await check({ 'a/main.lua': '' }, '[applications]\nrequired=/a,/b,/');
  expect(code).toBe(78);
  expect(stdout).toContain(
    `error: ${place.iniFile}:2: [applications] required: there is no application /b\n`,
  );
  expect(stdout).toContain(`error: ${place.iniFile}:2: [applications] required: there is no application /\n`);
});

test('bad values are all reported, on stderr, with their lines', async () => {
  const { code, stdout, stderr, place } = await check('', '[reload]\ndelay=no\n[tcp]\nsendLimit=no');
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
  expect(stderr).toContain(`${place.iniFile}:2: [reload] delay = no: must be an integer from 0 to 60000\n`);
  expect(stderr).toContain(
    `${place.iniFile}:4: [tcp] sendLimit = no: must be an integer from 1 to 2G; k, M and G stand for 1024, 1024² and 1024³\n`,
  );
});

test('a folder of applications that is not there is an error with the line', async () => {
  const { code, stderr, place } = await check('', '[applications]\npath=nowhere');
  expect(code).toBe(78);
  expect(stderr).toBe(
    `cumulus-server: ${place.iniFile}:2: [applications] path: ${place.folder}/nowhere is not a folder; create it with a main.lua in it\n`,
  );
});

test('a likely typo is a warning: exit code 0', async () => {
  const { code, stdout, place } = await check('', '[smtp]\nhsot=x');
  expect(code).toBe(0);
  expect(stdout).toContain(`warning: ${place.iniFile}:2: [smtp] hsot is not known; did you mean host?\n`);
});

test('--verbose prints the configuration in force, without the password', async () => {
  const { stdout, place } = await check('', '[smtp]\npassword=hush\ntimeout=5', ['--verbose']);
  expect(stdout).toContain(`applications.path = ${place.folder}/www\n`);
  expect(stdout).toContain('smtp.timeout = 5 seconds\n');
  expect(stdout).toContain('smtp.password = ***\n');
  expect(stdout).not.toContain('hush');
});

describe('what cannot be read', () => {
  const files = { 'a/main.lua': '', 'b/main.lua': '', 'c/main.lua': '' };

  /** Root reads everything: run as nobody then. */
  function asNobody(place: ApplicationFolder, args: readonly string[]) {
    const command = [process.execPath, BINARY, ...args, '--config', place.iniFile];
    chmodSync(place.folder, 0o755);
    return process.getuid?.() === 0
      ? daemons.runCommand('setpriv', ['--reuid=65534', '--clear-groups', ...command])
      : daemons.runCommand(command[0] ?? '', command.slice(1));
  }

  function withUnreadable() {
    const place = applicationFolder(files);
    mkdirSync(join(place.folder, 'www/d'));
    chmodSync(join(place.folder, 'www/a/main.lua'), 0);
    chmodSync(join(place.folder, 'www/b'), 0);
    chmodSync(join(place.folder, 'www/d'), 0);
    return place;
  }

  test('is an error for check, which looks at the rest', async () => {
    const place = withUnreadable();
    const { code, stdout } = await asNobody(place, ['check']).ended;
    expect(code).toBe(78);
    expect(stdout).toContain('error: www/a/main.lua: EACCES: permission denied');
    expect(stdout).toContain('error: www/b: EACCES: permission denied');
    expect(stdout).toContain('error: www/d: EACCES: permission denied');
    expect(stdout).toContain(': 2 applications, 2 Lua files, 3 errors, 0 warnings\n');
  });

  test('is a warning, or an application that fails, for the server, which runs the rest', async () => {
    const place = withUnreadable();
    const daemon = asNobody(place, []);
    await daemon.waitFor(`WARN  no application is looked for in ${place.folder}/www/b: EACCES`);
    await daemon.waitFor('ERROR application /a not started: EACCES: permission denied');
    await daemon.waitFor('1 of 2 applications running; failed: /a');
    daemon.signal('SIGTERM');
    const { code, stdout } = await daemon.ended;
    expect(code).toBe(0);
    expect(stdout.match(/looked for in .*www\/d: /g)).toHaveLength(1);
  });

  test('the whole folder: exit code 78, with the reason', async () => {
    const place = applicationFolder(files);
    chmodSync(join(place.folder, 'www'), 0);
    for (const args of [['check'], []]) {
      const { code, stderr } = await asNobody(place, args).ended;
      expect(code).toBe(78);
      expect(stderr).toMatch(/\[applications\] path: .*www cannot be read \(EACCES: permission denied/);
    }
  });
});

/** How the program ends when something is wrong, what it says, and what the signals do. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Daemons } from '../support/daemon.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const daemons = new Daemons();

afterEach(() => daemons.close());

describe('exit code 78', () => {
  test.each([
    ['an unknown option', ['--nosuch'], /^error: unknown option '--nosuch'\n$/],
    ['a misspelt option', ['--confg', 'x'], /unknown option '--confg'\n\(Did you mean --config\?\)/],
    ['an unknown command', ['chek'], /^error: unknown command 'chek': did you mean check\?\n$/],
    ['a level that is none', ['--log', '9'], /It must be 0 to 8, or: nothing fatal critic error/],
    [
      'no configuration',
      ['--config', '/nowhere/a.ini'],
      /^cumulus-server: \/nowhere\/a\.ini: no such file; copy /,
    ],
  ])('%s', async (_, args, wanted) => {
    const { code, stdout, stderr } = await daemons.run(args).ended;
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toMatch(wanted);
  });

  test('bad values: every one of them, with file and line, and nothing has run', async () => {
    const { daemon, place } = daemons.start('NOTE("ran")', '[tcp]\nsendLimit=much\n[reload]\ndelay=-1');
    const { code, stdout, stderr } = await daemon.ended;
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toBe(
      `cumulus-server: ${place.iniFile}:2: [tcp] sendLimit = much: must be an integer from 1 to 2G; k, M and G stand for 1024, 1024² and 1024³\n${place.iniFile}:4: [reload] delay = -1: must be an integer from 0 to 60000\n`,
    );
  });

  test('no folder of applications', async () => {
    const folder = daemons.folder();
    writeFileSync(join(folder, 'a.ini'), '[applications]\npath=nowhere\n');
    const { code, stderr } = await daemons.run(['--config', join(folder, 'a.ini')]).ended;
    expect(code).toBe(78);
    expect(stderr).toContain(`${folder}/nowhere is not a folder; create it with a main.lua in it\n`);
  });
});

describe('exit code 1', () => {
  test('an application that is required does not start', async () => {
    const files = {
      'a/main.lua': 'error("no database")',
      'b/main.lua': 'function onStop() NOTE("b stops") end',
    };
    const { daemon } = daemons.start(files, '[applications]\nrequired=/a,/b,/c');
    const { code, stdout, stderr } = await daemon.ended;
    expect(code).toBe(1);
    expect(stdout).toContain('application /a not started: www/a/main.lua:1: no database');
    expect(stdout).toContain('b stops');
    expect(stderr).toBe('cumulus-server: not running, but required by [applications] required: /a, /c\n');
  });
});

describe('what does not end the server', () => {
  test('an application that is not required and does not start; it starts when it is mended', async () => {
    const { daemon, place } = daemons.start({ 'a/main.lua': 'error("no")', 'b/main.lua': '' });
    await daemon.waitFor('application /a not started: www/a/main.lua:1: no');
    await daemon.waitFor('1 of 2 applications running; failed: /a');
    place.write('a/main.lua', 'NOTE("mended")');
    await daemon.waitFor('mended');
    daemon.signal('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
  });

  test('a port that is taken: an ERROR with the reason and the place, and start says false', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, resolve));
    const { port } = taken.address() as { port: number };
    const main = `server = cumulus:createTCPServer()\nNOTE("started: ", server:start(${port}))`;
    const { daemon } = daemons.start(main);
    await daemon.waitFor('started: (false)');
    await daemon.waitFor(`ERROR www/main.lua[2] TCPServer.start: address already in use (port ${port})`);
    await daemon.waitFor('1 of 1 applications running');
    daemon.signal('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
    await new Promise((resolve) => taken.close(resolve));
  });

  test('no application at all: a warning', async () => {
    const { daemon, place } = daemons.start({});
    await daemon.waitFor(`WARN  no application: there is no main.lua under ${place.folder}/www`);
    await daemon.waitFor('0 of 0 applications running');
  });
});

describe('signals', () => {
  test('SIGHUP reloads what has changed, only that, also with [reload] enabled=false', async () => {
    const files = { 'a/main.lua': 'NOTE("a one")', 'b/main.lua': 'NOTE("b one")' };
    const { daemon, place } = daemons.start(files, '[reload]\nenabled=false');
    await daemon.waitFor('2 of 2 applications running');
    place.write('a/main.lua', 'NOTE("a two, longer")');
    place.write('c/main.lua', 'NOTE("c one")');
    daemon.signal('SIGHUP');
    await daemon.waitFor('application /a reloaded as generation 2');
    await daemon.waitFor('application /c started');
    daemon.signal('SIGTERM');
    const { stdout } = await daemon.ended;
    expect(stdout.match(/b one/g)).toHaveLength(1);
  });

  test('SIGHUP starts what has failed once more: its cause may be gone', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, resolve));
    const { port } = taken.address() as { port: number };
    const files = {
      'a/main.lua': `server = cumulus:createTCPServer()\nassert(server:start(${port}), "no port")`,
      'b/main.lua': 'NOTE("b runs")',
    };
    const { daemon } = daemons.start(files);
    await daemon.waitFor('1 of 2 applications running; failed: /a');
    await new Promise((resolve) => taken.close(resolve));
    daemon.signal('SIGHUP');
    await daemon.waitFor('application /a started');
    (await Peer.connect(port)).close();
    expect(daemon.stdout.match(/b runs/g)).toHaveLength(1);
  });

  test('SIGHUP does not read the configuration again', async () => {
    const { daemon, place } = daemons.start(
      'NOTE("level ", cumulus.configs.logs.level)',
      '[logs]\nlevel=info',
    );
    await daemon.waitFor('level info');
    writeFileSync(place.iniFile, '[logs]\nlevel=nonsense\n');
    place.write('main.lua', 'NOTE("now ", cumulus.configs.logs.level)');
    daemon.signal('SIGHUP');
    await daemon.waitFor('now info');
  });

  test('SIGHUP leaves connections of applications that have not changed alone', async () => {
    const port = await freePort();
    const { daemon } = daemons.start(`
      server = cumulus:createTCPServer()
      function server:clientHandler(client)
        function client:onReception(data) self:send(data) end
      end
      server:start(${port})`);
    await daemon.waitFor('running');
    const peer = await Peer.connect(port);
    peer.send('a');
    await peer.read(1);
    daemon.signal('SIGHUP');
    await daemon.waitFor('SIGHUP: reloading what has changed or failed');
    peer.send('b');
    expect(String(await peer.read(1))).toBe('b');
    peer.close();
  });

  test('SIGTERM while the applications start ends the server, with 0', async () => {
    const files = Object.fromEntries([...'abcdef'].map((name) => [`${name}/main.lua`, `NOTE("${name}")`]));
    const { daemon } = daemons.start(files);
    await daemon.waitFor('a/main.lua[1] a');
    daemon.signal('SIGTERM');
    const { code, stdout } = await daemon.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/NOTE {2}stopped\n$/);
  });
});

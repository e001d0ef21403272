/** What the built program writes where, as `[logs]` says: an operator's view. The details are tested in test/log. */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Daemons } from '../support/daemon.js';

const daemons = new Daemons();

afterEach(() => daemons.close());

describe('log files', () => {
  test('have the name, the size and the number that the configuration says', async () => {
    const main = 'for i = 1, 200 do NOTE(("%03d "):format(i), ("x"):rep(40)) end';
    const ini = '[logs]\ndirectory=here\nname=server\nsize=4000\nfiles=3';
    const { daemon, place } = daemons.start(main, ini);
    await daemon.waitFor('running');
    daemon.signal('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
    const folder = join(place.folder, 'here');
    const names = readdirSync(folder).sort();
    expect(names).toEqual(['server.0', 'server.1', 'server.2', 'server.3']);
    for (const name of names) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(4000);
    const lines = names.toReversed().flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
    const numbers = lines.flatMap((line) => /\twww\/main\.lua\[1\] {2}(\d+) /.exec(line)?.[1] ?? []);
    expect(numbers).toEqual(
      Array.from({ length: numbers.length }, (_, i) => String(201 - numbers.length + i).padStart(3, '0')),
    );
    expect(lines.at(-2)).toMatch(/^\d\d\/\d\d \d\d:\d\d:\d\d\.\d {2}NOTE\tmain\tstopped$/);
  });

  test('are opened again on SIGUSR2: logrotate has moved them, and no line is lost', async () => {
    const { daemon, place } = daemons.start('NOTE("before")', '[logs]\ndirectory=logs');
    await daemon.waitFor('running');
    const file = join(place.folder, 'logs/log.0');
    renameSync(file, `${file}-20261124`);
    place.write('main.lua', 'NOTE("between")');
    await daemon.waitFor('reloaded');
    daemon.signal('SIGUSR2');
    await daemon.waitFor('SIGUSR2: log files reopened');
    daemon.signal('SIGTERM');
    const { stdout } = await daemon.ended;
    const moved = readFileSync(`${file}-20261124`, 'utf8');
    const current = readFileSync(file, 'utf8');
    expect(moved).toMatch(/before[\s\S]*between/);
    expect(current).toMatch(/NOTE\tmain\tSIGUSR2: log files reopened\n[\s\S]*stopped\n$/);
    expect(`${moved}${current}`.split('\n')).toHaveLength(stdout.split('\n').length);
  });

  test('in a folder that cannot be made: said on stderr, the server serves on, and logs once it is there', async () => {
    const { daemon, place } = daemons.start('', '[logs]\ndirectory=missing/logs');
    await daemon.waitFor('running');
    await daemon.waitFor(/missing\/logs\/log\.0.*no such file or directory/i);
    mkdirSync(join(place.folder, 'missing'));
    place.write('more/main.lua', 'NOTE("more")');
    await daemon.waitFor('log.0 can be written again');
    await daemon.waitFor('] more');
    daemon.signal('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
    expect(readFileSync(join(place.folder, 'missing/logs/log.0'), 'utf8')).toContain('more');
  });
});

test('level hides what is less important; --log on the command line wins', async () => {
  const main = 'ERROR("an error") NOTE("a note") DEBUG("a detail")';
  const { daemon: quiet } = daemons.start(main, '[logs]\nlevel=error');
  const { daemon: chatty } = daemons.start(main, '[logs]\nlevel=error', ['--log', 'debug']);
  await quiet.waitFor('an error');
  await chatty.waitFor('a detail');
  for (const daemon of [quiet, chatty]) daemon.signal('SIGTERM');
  expect((await quiet.ended).stdout).toBe('ERROR www/main.lua[1] an error\n');
  expect((await chatty.ended).stdout).toContain('NOTE  www/main.lua[1] a note\n');
});

test('format=json: every line is an object with level and text, and those of scripts say where they come from', async () => {
  const files = { 'chat/main.lua': 'NOTE("hello\\nERROR forged")\nerror("boom")' };
  const { daemon } = daemons.start(files, '[logs]\nformat=json');
  await daemon.waitFor('applications running');
  daemon.signal('SIGTERM');
  const lines = (await daemon.ended).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toContainEqual({
    level: 'note',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    application: '/chat',
    file: 'chat/main.lua',
    line: 1,
    text: 'hello\nERROR forged',
  });
  expect(lines).toContainEqual(expect.objectContaining({ level: 'error', application: '/chat' }));
  for (const line of lines)
    expect(line).toMatchObject({ level: expect.any(String), text: expect.any(String) });
});

test('what a script or a peer writes cannot pass for a line of the server', async () => {
  const { daemon } = daemons.start('NOTE("a\\nERROR forged\\r\\27[2Jb\\0c") print("p\\27[31m")');
  await daemon.waitFor('running');
  daemon.signal('SIGTERM');
  const { stdout } = await daemon.ended;
  expect(stdout).toContain('NOTE  www/main.lua[1] a\n    ERROR forged\\x0d\\x1b[2Jb\\x00c\np\\x1b[31m\n');
});

test('nothing is lost at the end, however much onStop says', async () => {
  const { daemon } = daemons.start('function onStop() for i = 1, 50000 do NOTE("line ", i) end end');
  await daemon.waitFor('running');
  daemon.signal('SIGTERM');
  const { code, stdout } = await daemon.ended;
  expect(code).toBe(0);
  expect(stdout.match(/\] line \d+$/gm)).toHaveLength(50_000);
});

/** What somebody may do to the daemon's folders, to its signals and to its output: it stays, and says what is wrong. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { BINARY, type Daemon, Daemons } from '../support/daemon.js';
import { type ApplicationFolder, freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const daemons = new Daemons();

afterEach(() => daemons.close());

/** An application that greets. */
function greeter(port: number, greeting: string): string {
  return `server = cumulus:createTCPServer()
    function server:clientHandler(client) client:send("${greeting}\\n") end
    assert(server:start(${port}))`;
}

function wwwOf({ folder }: ApplicationFolder): string {
  return join(folder, 'www');
}

async function greeting(port: number): Promise<string> {
  const peer = await Peer.connect(port);
  const text = String(await peer.readUntil());
  peer.close();
  return text;
}

async function endsOnRequest(daemon: Daemon): Promise<void> {
  daemon.signal('SIGTERM');
  expect((await daemon.ended).code).toBe(0);
}

describe.each([
  ['a FIFO', (file: string) => void execFileSync('mkfifo', [file])],
  ['a device', (file: string) => symlinkSync('/dev/zero', file)],
  ['a folder', (file: string) => void mkdirSync(file)],
])('%s as main.lua', (_, make) => {
  test('is no script: the version before goes on, others answer, and the next save counts', async () => {
    const [port, other] = [await freePort(), await freePort()];
    const files = { 'a/main.lua': greeter(port, 'one'), 'b/main.lua': greeter(other, 'other') };
    const { daemon, place } = daemons.start(files);
    await daemon.waitFor('2 of 2 applications running');
    const main = join(wwwOf(place), 'a/main.lua');
    rmSync(main);
    make(main);
    await daemon.waitFor(
      /^ERROR application \/a not reloaded .*generation 1 goes on: .*main\.lua is not a file$/,
    );
    expect([await greeting(port), await greeting(other)]).toEqual(['one\n', 'other\n']);
    rmSync(main, { recursive: true });
    writeFileSync(main, greeter(port, 'two'));
    await daemon.waitFor(/^NOTE {2}application \/a (reloaded as generation 2|started)/);
    await endsOnRequest(daemon);
  });

  test('fails that application at the start', async () => {
    const port = await freePort();
    const { daemon, place } = daemons.start({ 'b/main.lua': greeter(port, 'b') }, '[reload]\nenabled=false');
    await daemon.waitFor('1 of 1 applications running');
    mkdirSync(join(wwwOf(place), 'a'));
    make(join(wwwOf(place), 'a/main.lua'));
    daemon.signal('SIGHUP');
    await daemon.waitFor(/^ERROR application \/a not started: .*main\.lua is not a file$/);
    expect(await greeting(port)).toBe('b\n');
    await endsOnRequest(daemon);
  });
});

test('links that lead out, up and round are told, and nothing else changes', async () => {
  const port = await freePort();
  const { daemon, place } = daemons.start({ 'a/main.lua': greeter(port, 'one') });
  await daemon.waitFor('1 of 1 applications running');
  for (const [name, target] of [
    ['disk', '/'],
    ['up', '..'],
    ['dot', '.'],
  ] as const)
    symlinkSync(target, join(wwwOf(place), 'a', name));
  for (const name of ['disk', 'up', 'dot'])
    await daemon.waitFor(
      new RegExp(`^WARN {2}no application is looked for in .*/a/${name}: a link to .*, which it is in$`),
    );
  writeFileSync(join(wwwOf(place), 'a/main.lua'), greeter(port, 'two'));
  await daemon.waitFor('reloaded as generation 2');
  expect(await greeting(port)).toBe('two\n');
  expect(daemon.stdout).not.toContain('ERROR');
  await endsOnRequest(daemon);
});

test('the folder of the applications may be a link, as may folders in linked folders', async () => {
  const port = await freePort();
  const [releases, shared] = [daemons.folder(), daemons.folder()];
  mkdirSync(join(releases, 'one'));
  mkdirSync(join(shared, 'app'));
  mkdirSync(join(shared, 'kid'));
  writeFileSync(join(shared, 'kid/main.lua'), greeter(port, 'one'));
  symlinkSync(join(releases, 'one'), join(releases, 'current'));
  symlinkSync(join(shared, 'app'), join(releases, 'one/app'));
  symlinkSync(join(shared, 'kid'), join(shared, 'app/kid'));
  const config = join(releases, 'a.ini');
  writeFileSync(config, '[applications]\npath=current\n');
  const daemon = daemons.run(['--config', config]);
  await daemon.waitFor('application /app/kid started');
  const saving = setInterval(() => writeFileSync(join(shared, 'kid/main.lua'), greeter(port, 'two')), 500);
  await daemon.waitFor('application /app/kid reloaded as generation 2');
  clearInterval(saving);
  expect(await greeting(port)).toBe('two\n');
});

test('an application may be a link to a folder elsewhere, and is followed there', async () => {
  const port = await freePort();
  const elsewhere = daemons.folder();
  writeFileSync(join(elsewhere, 'main.lua'), greeter(port, 'one'));
  const { daemon, place } = daemons.start({});
  await daemon.waitFor('0 of 0 applications running');
  symlinkSync(elsewhere, join(wwwOf(place), 'linked'));
  await daemon.waitFor('application /linked started');
  // Until the folder is watched, which nobody tells.
  const saving = setInterval(() => writeFileSync(join(elsewhere, 'main.lua'), greeter(port, 'two')), 500);
  await daemon.waitFor('application /linked reloaded as generation 2');
  clearInterval(saving);
  expect(await greeting(port)).toBe('two\n');
});

test('without anything to do it waits', async () => {
  const { daemon, place } = daemons.start('error("no")', '[reload]\nenabled=false');
  await daemon.waitFor('0 of 1 applications running');
  writeFileSync(join(wwwOf(place), 'main.lua'), 'NOTE("up")');
  daemon.signal('SIGHUP');
  await daemon.waitFor('application / started');
  await endsOnRequest(daemon);
});

test('the folder of the applications may go, and come back', async () => {
  const port = await freePort();
  const { daemon, place } = daemons.start({ 'a/main.lua': greeter(port, 'one') });
  await daemon.waitFor('1 of 1 applications running');
  renameSync(wwwOf(place), `${wwwOf(place)}-away`);
  await daemon.waitFor('application /a stopped: its main.lua is gone');
  // Longer than any series of changes: nobody tells of the folder then.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const before = daemon.stdout.length;
  renameSync(`${wwwOf(place)}-away`, wwwOf(place));
  while (!daemon.stdout.slice(before).includes('application /a started')) await daemon.waitForOutput();
  expect(await greeting(port)).toBe('one\n');
  await endsOnRequest(daemon);
});

test('SIGUSR1 opens no debugger', async () => {
  const { daemon } = daemons.start('NOTE("up")');
  await daemon.waitFor('1 of 1 applications running');
  daemon.signal('SIGUSR1');
  await daemon.waitFor('NOTE  SIGUSR1 is ignored; SIGUSR2 reopens the log files');
  await endsOnRequest(daemon);
  expect(daemon.stderr).toBe('');
});

test('a FIFO as a log file is told, and holds nobody up', async () => {
  const logs = daemons.folder();
  execFileSync('mkfifo', [join(logs, 'log.0')]);
  const { daemon } = daemons.start('NOTE("up")', `[logs]\ndirectory=${logs}`);
  await daemon.waitFor(/cannot write to .*log\.0: ENXIO.*a FIFO that nobody reads/);
  await daemon.waitFor('1 of 1 applications running');
  await endsOnRequest(daemon);
});

test.each([['--help'], ['new', '--list'], ['types'], ['--version']])(
  'who reads nothing of what "%s" prints is no error',
  async (...args) => {
    const command = `"$0" "$@" | true; exit \${PIPESTATUS[0]}`;
    const { code, stderr } = await daemons.runCommand('bash', [
      '-c',
      command,
      process.execPath,
      BINARY,
      ...args,
    ]).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  },
);

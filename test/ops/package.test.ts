/** The package as it is published: what is in it, and that it runs where there is nothing else. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { Daemons } from '../support/daemon.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The registry cannot be reached: not a fault of the package. */
const OFFLINE = /\b(ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENOTCACHED|ECONNRESET)\b/;

const daemons = new Daemons();

afterEach(() => daemons.close());

/** Without the package's own scripts: another test may be running what they would build anew. */
function npm(cwd: string, ...args: string[]) {
  return spawnSync('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd,
    encoding: 'utf8',
  });
}

function filesIn(folder: string, wanted = /./): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && wanted.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length));
}

test('npm pack takes what is needed to run, to install and to read, and nothing else', () => {
  const { stdout } = npm(ROOT, 'pack', '--dry-run', '--json');
  const packed: { path: string }[] = JSON.parse(stdout)[0].files;
  const documents = ['ARCHITECTURE.md', 'CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md'];
  const expected = [
    ...documents,
    ...filesIn('docs'),
    'CumulusServer.ini.example',
    ...filesIn('bin'),
    ...filesIn('conf'),
    ...filesIn('dist'),
    'package.json',
    ...filesIn('scripts', /\.lua$/),
    ...filesIn('src/lua/stdlib', /\.lua$/),
    ...filesIn('src/lua/watchdog', /\.js$/),
    'src/types/cumulus.lua',
  ];
  expect(packed.map(({ path }) => path).sort()).toEqual(expected.sort());
});

test('installed from its tarball into an empty folder it runs: start, echo, edit, reload, stop', async ({
  skip,
}) => {
  const folder = daemons.folder();
  const [{ filename }] = JSON.parse(npm(ROOT, 'pack', '--json', '--pack-destination', folder).stdout);
  writeFileSync(join(folder, 'package.json'), '{}');
  const installed = npm(folder, 'install', '--prefer-offline', '--omit=dev', join(folder, filename));
  if (OFFLINE.test(installed.stderr)) skip(`no registry: ${installed.stderr}`);
  expect(installed.stderr).not.toContain('npm error');
  const command = join(folder, 'node_modules/.bin/cumulus-server');

  const created = spawnSync(command, ['new', 'hello'], { cwd: folder, encoding: 'utf8' });
  expect(created).toMatchObject({ status: 0, stderr: '' });
  const port = await freePort();
  const main = join(folder, 'www/hello/main.lua');
  const text = readFileSync(main, 'utf8').replace('PORT = 1234', `PORT = ${port}`);
  writeFileSync(main, text);

  const daemon = daemons.runCommand(process.execPath, [command], { cwd: folder });
  await daemon.waitFor('1 of 1 applications running');
  expect(await echo(port)).toBe('hello');
  // The watcher starts after the applications, and then looks for what it has missed.
  writeFileSync(main, text.replace('self:send(data)', 'self:send(data:upper())'));
  await daemon.waitFor('application /hello reloaded as generation 2');
  expect(await echo(port)).toBe('HELLO');
  daemon.signal('SIGTERM');
  const { code, stdout, stderr } = await daemon.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).not.toMatch(/ERROR|WARN(?!.* took )/);
}, 120_000);

async function echo(port: number): Promise<string> {
  const peer = await Peer.connect(port);
  peer.send('hello');
  const answer = await peer.read(5);
  peer.close();
  return String(answer);
}

/** What the build keeps beside the code to start faster: that it is used, and that nothing depends on it. */
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { Daemons } from '../support/daemon.js';
import { applicationFolder, freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const daemons = new Daemons();

afterEach(() => daemons.close());

/** A copy of what is built, to be changed. */
function copy(): string {
  const folder = daemons.folder();
  for (const part of ['bin', 'dist', 'src', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function filesOf(folder: string, ending: RegExp): string[] {
  const names = readdirSync(join(folder, 'dist')).filter((name) => ending.test(name));
  expect(names).not.toEqual([]);
  return names.map((name) => join(folder, 'dist', name));
}

/** By part: whether V8 has refused its code; undefined when there was none. */
function refused(folder: string): Record<string, boolean | undefined> {
  const program = `
    const { load, loaded } = require('./bin/load.js');
    load('cli.cjs');
    for (const name of ['engine54.cjs', 'engine51.cjs', 'chokidar.cjs']) load(name);
    const parts = [...loaded].map(([name, { script }]) => [name, script.cachedDataRejected]);
    console.log(JSON.stringify(Object.fromEntries(parts)));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

const SCRIPT = `
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    function client:onReception(data) self:send(data) return 0 end
  end
  server:start(PORT, "127.0.0.1")
  print(pcall(error, "told"))`;

/** Starts the program of `folder`, and asks it for an answer. */
async function runs(folder: string, version: string): Promise<void> {
  const port = await freePort();
  const place = applicationFolder(SCRIPT.replace('PORT', String(port)), `[lua]\nversion=${version}`);
  const program = join(folder, 'bin/cumulus-server.js');
  const daemon = daemons.runCommand(process.execPath, [program, '--config', place.iniFile]);
  await daemon.waitFor('1 of 1 applications running');
  const peer = await Peer.connect(port);
  peer.send('hello');
  expect(String(await peer.read(5))).toBe('hello');
  peer.close();
  expect(daemon.stdout).toContain('false\ttold');
  expect(daemon.stderr).toBe('');
  await daemon.kill();
  rmSync(place.folder, { recursive: true });
}

test('V8 takes the code that the build has kept for every part of a start', () => {
  const parts = refused(ROOT);
  expect(Object.keys(parts)).toContain('engine54.cjs');
  expect(parts).toEqual(Object.fromEntries(Object.keys(parts).map((name) => [name, false])));
});

test('code that is damaged is refused, and the source is compiled', async () => {
  const folder = copy();
  for (const file of filesOf(folder, /\.cache$/)) writeFileSync(file, 'damaged');
  expect(Object.values(refused(folder))).not.toContain(false);
  await runs(folder, '5.4');
});

test.each(['5.4', '5.1'])('Lua %s starts without anything that the build has kept', async (version) => {
  const folder = copy();
  for (const file of [...filesOf(folder, /\.cache$/), ...filesOf(folder, /\.luac$/)]) rmSync(file);
  expect(Object.values(refused(folder))).not.toContain(false);
  await runs(folder, version);
});

test.each([
  ['stdlib-5.4.luac', '[["errors",3]]\nbad'],
  ['glue.wasm', 'bad'],
])('it is what the build has put there that runs: not without a good %s', async (file, content) => {
  const folder = copy();
  writeFileSync(join(folder, 'dist', file), content);
  const place = applicationFolder('print("runs")');
  const program = join(folder, 'bin/cumulus-server.js');
  const daemon = daemons.runCommand(process.execPath, [program, '--config', place.iniFile]);
  expect(await daemon.waitFor(/^NOTE .*applications running/)).toContain('0 of 1');
  await daemon.kill();
  rmSync(place.folder, { recursive: true });
});

test('without a build the program says what to do', async () => {
  const folder = copy();
  rmSync(join(folder, 'dist'), { recursive: true });
  const { code, stderr } = await daemons.runCommand(process.execPath, [join(folder, 'bin/cumulus-server.js')])
    .ended;
  expect(stderr).toBe('cumulus-server: it has not been built: run npm ci, or npm run build\n');
  expect(code).toBe(1);
});

/**
 * A real server in the test's own process, on a temporary folder of applications.
 *
 * `CUMULUS_TEST_LUA` chooses the engine, so that the same tests run on both.
 */
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { loadConfig } from '../../src/config.js';
import { Server } from '../../src/server.js';
import { LogCapture } from './log-capture.js';

export const LUA_VERSION = process.env['CUMULUS_TEST_LUA'] === '5.1' ? '5.1' : '5.4';

export interface TestServer {
  readonly server: Server;
  readonly log: LogCapture;
  /** The folder of the ini; applications are in www/ below it. */
  readonly folder: string;
  /** Writes a file below www/. */
  write(path: string, text: string | Uint8Array): void;
  remove(path: string): void;
  /** Stops the server and removes the folder. */
  stop(): Promise<void>;
}

/** Path below www/ → text; a string alone is www/main.lua. */
export type Files = string | Readonly<Record<string, string | Uint8Array>>;

/** A temporary folder with a CumulusServer.ini and applications in www/. */
export interface ApplicationFolder {
  readonly folder: string;
  readonly iniFile: string;
  /** Writes a file below www/. */
  write(path: string, text: string | Uint8Array): void;
  remove(path: string): void;
}

/** @param ini text of the ini, without `[lua] version`, which the environment chooses */
export async function startServer(files: Files, ini = ''): Promise<TestServer> {
  const { folder, iniFile, write, remove } = applicationFolder(files, ini);
  const log = new LogCapture();
  const server = new Server(loadConfig(iniFile).config, log);
  await server.start();
  await server.watch();
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { server, log, folder, write, remove, stop };
}

export function applicationFolder(files: Files, ini = ''): ApplicationFolder {
  const folder = temporaryFolder();
  const write = (path: string, text: string | Uint8Array) => writeBelow(join(folder, 'www'), path, text);
  const remove = (path: string) => rmSync(join(folder, 'www', path), { recursive: true });
  for (const [path, text] of Object.entries(typeof files === 'string' ? { 'main.lua': files } : files))
    write(path, text);
  mkdirSync(join(folder, 'www'), { recursive: true });
  const iniFile = join(folder, 'CumulusServer.ini');
  writeFileSync(iniFile, withVersion(ini));
  return { folder, iniFile, write, remove };
}

export function temporaryFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'cumulus-test-')));
}

/**
 * Below the range from which the system chooses ports for others (32768 on Linux), so that none of them can take the
 * port before the test does; from a random place on, because other test processes do the same.
 */
const PORTS = { first: 10_240, count: 22_000 };
let nextPort = Math.floor(Math.random() * PORTS.count);

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + (nextPort++ % PORTS.count);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

function writeBelow(root: string, path: string, text: string | Uint8Array): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  // At once: a file that is read half-written is a version of its own, and another one follows.
  const partial = join(dirname(file), `.${basename(file)}.partial`);
  writeFileSync(partial, text);
  renameSync(partial, file);
}

function withVersion(ini: string): string {
  const line = `version=${LUA_VERSION}\n`;
  return ini.includes('[lua]') ? ini.replace('[lua]\n', `[lua]\n${line}`) : `${ini}\n[lua]\n${line}`;
}

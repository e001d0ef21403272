// @ts-check
/**
 * The servers that are compared: ours as it is installed, with an application and the default configuration; the bare
 * one; a peer. Each on a free port.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVER_CORE, startServer } from './child.js';
import { answersTcp, answersUdp } from './client.js';

const BENCH = fileURLToPath(new URL('..', import.meta.url));
export const BINARY = fileURLToPath(new URL('../../../bin/cumulus-server.js', import.meta.url));

/**
 * @typedef {object} Options
 * @property {import('../types.js').Context} context
 * @property {boolean} [pin] false: may use every core
 * @property {'tcp' | 'udp'} [protocol] what it answers when it is up
 */

/**
 * @typedef {Options & { files: Readonly<Record<string, string>>, ini?: string }} OurOptions
 * files: path below www/ → text
 */

/**
 * @param {OurOptions} options
 * @returns {Promise<import('../types.js').Server & { folder: string }>} folder: where the applications are
 */
export async function startOurs(options) {
  const port = await freePort();
  const { ini, folder, root } = install(options.files, port, options.context.lua, options.ini);
  const command = ['node', ...profiling(options.context), BINARY, '--config', ini];
  const server = await startServer({
    command,
    port,
    ...common(options),
    cleanUp: () => rmSync(root, { recursive: true, force: true }),
  });
  return { ...server, folder };
}

/** @param {import('../types.js').Context} context @returns {string[]} options of Node */
function profiling({ profile }) {
  return profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-interval', '500', '--cpu-prof-dir', profile];
}

/**
 * @param {string} name a file of bare/
 * @param {Options} options
 */
export async function startBare(name, options) {
  const port = await freePort();
  const command = ['node', join(BENCH, 'bare', name), String(port), options.context.lua];
  return startServer({ command, port, ...common(options) });
}

/** @param {Options} options */
export async function startLuv(options) {
  const port = await freePort();
  const command = ['luajit', join(BENCH, 'peers', 'luv-echo.lua'), options.protocol ?? 'tcp', String(port)];
  return startServer({ command, port, ...common(options) });
}

export const HAS_LUV = spawnSync('luajit', ['-e', 'require "luv"']).status === 0;

/** @param {string} name a folder of apps/ @param {string} [file] */
export function appSource(name, file = 'main.lua') {
  return readFileSync(join(BENCH, 'apps', name, file), 'utf8');
}

/**
 * Writes a configuration and its applications into a new folder. Every script finds its port in PORT.
 * @param {Readonly<Record<string, string>>} files
 * @param {number} port
 * @param {string} lua
 * @param {string} [extra] more of the configuration
 */
export function install(files, port, lua, extra = '') {
  if (!existsSync(join(dirname(BINARY), '../dist/cli.cjs')))
    throw new Error('nothing to measure: run `npm run build`');
  const root = mkdtempSync(join(tmpdir(), 'cumulus-bench-'));
  const folder = join(root, 'www');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), withPort(text, port));
  }
  const ini = join(root, 'CumulusServer.ini');
  writeFileSync(ini, `[applications]\npath=www\n[lua]\nversion=${lua}\n${extra}`);
  return { ini, folder, root };
}

/** @param {string} text of a script @param {number} port */
export function withPort(text, port) {
  return `local PORT = ${port}; ${text}`;
}

/** @returns {Promise<number>} */
export function freePort() {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** @param {Options} options */
function common({ context, pin = true, protocol = 'tcp' }) {
  const isUp = protocol === 'tcp' ? answersTcp : answersUdp;
  return context.pin && pin ? { isUp, core: SERVER_CORE } : { isUp };
}

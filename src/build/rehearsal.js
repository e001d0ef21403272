// @ts-check
/**
 * Runs the built server once and writes down V8's code for each of its parts that has none yet.
 *
 *     node src/build/rehearsal.js 5.4
 *
 * After a run and not before it, because V8 compiles a function when it is first called.
 */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const { FOLDER, load, loaded } = createRequire(import.meta.url)('../../bin/load.js');

const GIVE_UP_MS = 20_000;

const SCRIPT = (/** @type {number} */ port) => `
server = cumulus:createTCPServer()
function server:clientHandler(client)
  function client:onReception(data) self:send(data) return 0 end
end
assert(server:start(${port}))
`;

const [version] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'cumulus-server-build-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
setTimeout(() => fail(`nothing listens after ${GIVE_UP_MS / 1000} s`), GIVE_UP_MS).unref();

const port = await freePort();
writeFileSync(join(folder, 'main.lua'), SCRIPT(port));
const config = join(folder, 'rehearsal.ini');
writeFileSync(config, `[applications]\npath=${folder}\n[lua]\nversion=${version}\n`);
void load('cli.cjs').main(['node', 'cumulus-server', '--config', config]);
await echo();
for (const [name, { script }] of loaded) {
  const file = join(FOLDER, name.replace(/cjs$/, 'cache'));
  // V8 looks at the length and at nothing behind it: half a file after a loss of power must not be taken for a whole one.
  if (!existsSync(file)) writeFileSync(file, script.createCachedData(), { flush: true });
}
process.emit('SIGTERM', 'SIGTERM');

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  return port;
}

/** Until it has answered once. */
async function echo() {
  while (process.exitCode === undefined) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.write('hello');
      await once(socket, 'data');
      return;
    } catch {
      await pause(50);
    } finally {
      socket.destroy();
    }
  }
}

/** @param {string} reason */
function fail(reason) {
  console.error(reason);
  process.exit(1);
}

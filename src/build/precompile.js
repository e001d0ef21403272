// @ts-check
/**
 * The second step of the build: copies the engines beside the code, compiles the Lua that we ship, and keeps what V8
 * has made of each part while a server with one application started, answered and sent.
 *
 *     node src/build/precompile.js
 *
 * Where no server can listen, the build goes on without V8's code: it is there for the start only.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const commonJs = createRequire(import.meta.url);
const { FOLDER, load } = commonJs('../../bin/load.js');

const WASM = ['wasmoon/dist/glue.wasm', 'wasmoon-lua5.1/dist/liblua5.1.wasm'];
const REHEARSAL = fileURLToPath(new URL('rehearsal.js', import.meta.url));

for (const file of WASM) copyFileSync(commonJs.resolve(file), join(FOLDER, basename(file)));
await load('bytecode.cjs').writeBytecode(FOLDER);
for (const version of ['5.4', '5.1']) {
  const { status, stderr } = spawnSync(process.execPath, [REHEARSAL, version], { encoding: 'utf8' });
  if (status !== 0) console.warn(`build: Lua ${version} will start more slowly: ${stderr.trim()}`);
}

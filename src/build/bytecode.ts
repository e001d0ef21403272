/** For the build: the bytecode of the Lua that we ship, made by the engines that the build has joined in. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bytes } from '../lua/bytes.js';
import { LuaEngines } from '../lua/engine/engine.js';
import { compileStdlib, fileNameOf } from '../lua/stdlib.js';

const MEMORY = 64 * 1024 * 1024;

/** @param folder where the files go */
export async function writeBytecode(folder: string): Promise<void> {
  const engines = new LuaEngines();
  for (const version of ['5.4', '5.1'] as const) {
    const raw = await engines.create(version, { memory: MEMORY });
    raw.openlibs(raw.L);
    writeFileSync(join(folder, fileNameOf(version)), compileStdlib(raw, new Bytes(raw)));
  }
}

/**
 * Compiles every Lua file of every application without running any: for `cumulus-server check`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CumulusError, messageOf } from '../errors.js';
import { LuaEngines } from '../lua/engine.js';
import type { EngineVersion } from '../lua/raw.js';
import { LuaVm, type VmEvents } from '../lua/vm.js';
import { discover } from './discovery.js';

export interface Checked {
  readonly applications: readonly string[];
  readonly files: number;
  /** "www/chat/main.lua:3: …" */
  readonly problems: readonly string[];
}

const MEMORY = 1024 * 1_048_576;

const QUIET: VmEvents = { enter() {}, leave() {}, error() {}, broken() {} };

/** @param root the applications' folder, absolute */
export async function checkApplications(root: string, version: EngineVersion): Promise<Checked> {
  const vm = await LuaVm.create(new LuaEngines(), { version, memory: MEMORY }, QUIET);
  const files = luaFiles(root);
  const problems = files.map((file) => problemOf(vm, root, file)).filter((problem) => problem !== undefined);
  vm.close();
  return { applications: discover(root).map(({ path }) => path), files: files.length, problems };
}

function luaFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.lua'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/[/\\](\.|node_modules[/\\])/.test(file.slice(folder.length)))
    .sort();
}

function problemOf(vm: LuaVm, root: string, file: string): string | undefined {
  const shown = `${basename(root)}${file.slice(root.length)}`;
  try {
    vm.compile(readFileSync(file), `@${shown}`);
    vm.raw.settop(vm.L, 1);
    return undefined;
  } catch (error) {
    return error instanceof CumulusError ? error.message : `${shown}: ${messageOf(error)}`;
  }
}

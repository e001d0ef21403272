/**
 * Compiles every Lua file of every application without running any: for `cumulus-server check`.
 *
 * It looks where the server would look; a file that it does not find there, such as a module of Lua's own search path
 * outside of the applications, is not checked.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CumulusError, messageOf } from '../errors.js';
import { LuaEngines } from '../lua/engine/engine.js';
import type { EngineVersion } from '../lua/engine/raw.js';
import { LuaVm, type VmEvents } from '../lua/vm.js';
import { readRegularFile } from '../regular-file.js';
import { folders, isApplication, MAIN, type Place } from './discovery.js';

export interface Checked {
  /** Their paths. */
  readonly applications: readonly string[];
  /** Lua files that were compiled. */
  readonly files: number;
  /** "www/chat/main.lua:3: …" */
  readonly problems: readonly string[];
  /** What is passed over. */
  readonly warnings: readonly string[];
}

/** Compiling takes memory; this is more than any source that a person wrote needs, bytes. */
const MEMORY = 1024 * 1_048_576;

const QUIET: VmEvents = { enter() {}, leave() {}, error() {}, broken() {} };

/** @param root the applications' folder, absolute and readable */
export async function checkApplications(root: string, version: EngineVersion): Promise<Checked> {
  const vm = await LuaVm.create(new LuaEngines(), { version, memory: MEMORY }, QUIET);
  const [problems, warnings]: [string[], string[]] = [[], []];
  const places = folders(root, ({ shown }, reason, isMeant) =>
    (isMeant ? warnings : problems).push(`${shown}: ${reason}`),
  );
  const files = places.flatMap((place) => luaFiles(place));
  problems.push(...files.flatMap((file) => problemOf(vm, file) ?? []));
  vm.close();
  const applications = places.filter(isApplication).map(({ path }) => path);
  return { applications, files: files.length, problems, warnings };
}

interface LuaFile {
  /** Absolute. */
  readonly path: string;
  /** As messages show it. */
  readonly shown: string;
}

/** The Lua files of one folder. One that is unreadable has been reported. */
function luaFiles({ folder, shown }: Place): LuaFile[] {
  return namesIn(folder)
    .filter((name) => name.endsWith('.lua') && !name.startsWith('.'))
    .map((name) => ({ path: join(folder, name), shown: `${shown}/${name}` }))
    .filter(({ path }) => basename(path) === MAIN || !isFolder(path));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function problemOf(vm: LuaVm, { path, shown }: LuaFile): string | undefined {
  try {
    vm.compile(readRegularFile(path), `@${shown}`);
    vm.raw.settop(vm.L, 1);
    return undefined;
  } catch (error) {
    return error instanceof CumulusError ? error.message : `${shown}: ${messageOf(error)}`;
  }
}

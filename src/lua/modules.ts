/**
 * Finding and compiling Lua source for `require`, `dofile` and `loadfile`: the host's half; stdlib/modules.lua is the
 * other.
 *
 * All source is read through `Sources`. A file is named in messages and tracebacks as "www/chat/lib/util.lua".
 */
import { resolve } from 'node:path';
import { CumulusError, messageOf } from '../errors.js';
import { checkString, optionalString } from './arguments.js';
import { LUA_TLIGHTUSERDATA } from './engine/raw.js';
import { type Bounds, type Folders, foldersUp, shownName, toBinary, toText } from './files/bounds.js';
import { fileErrorOf } from './files/file-error.js';
import type { HostFunction } from './host-calls.js';
import type { Sources } from './sources.js';
import type { Stack } from './stack.js';
import type { LuaVm } from './vm.js';

export interface ModulesContext {
  readonly vm: LuaVm;
  readonly stack: Stack;
  readonly bounds: Bounds;
  readonly folders: Folders;
  readonly sources: Sources;
}

export class Modules {
  readonly #context: ModulesContext;

  constructor(context: ModulesContext) {
    this.#context = context;
  }

  /** `package.path` as a script finds it: its own folder, then those above it, up to the root. */
  get path(): string {
    const folders = foldersUp(this.#context.folders).map((_, up) => (up === 0 ? './' : '../'.repeat(up)));
    return folders.flatMap((folder) => [`${folder}?.lua`, `${folder}?/init.lua`]).join(';');
  }

  get functions(): Readonly<Record<string, HostFunction>> {
    return {
      find_module: () => this.#findModule(),
      search_path: () => this.#searchPath(),
      load_file: () => this.#loadFile(),
    };
  }

  /** (name, path) → function, file; or nil, what was tried; or false, why it cannot be compiled, file */
  #findModule(): number {
    const { stack } = this.#context;
    const tried: string[] = [];
    const name = checkString(stack, 1, 'require');
    const path = checkString(stack, 2, 'require');
    const file =
      this.#search(name.replaceAll('.', '/'), path, tried) ?? this.#searchAsFile(name, path, tried);
    if (file === undefined) {
      stack.pushText(undefined);
      stack.pushText(tried.join('\n\t'));
      return 2;
    }
    const problem = this.#compile(file);
    if (problem !== undefined) {
      stack.pushBoolean(false);
      stack.pushText(problem);
    }
    stack.pushText(problem === undefined ? file : this.#shown(file));
    return problem === undefined ? 2 : 3;
  }

  /** (name, path, separator, replacement) → file; or nil, what was tried */
  #searchPath(): number {
    const { stack } = this.#context;
    const name = checkString(stack, 1, 'searchpath');
    const separator = optionalString(stack, 3, 'searchpath', '.');
    const replacement = optionalString(stack, 4, 'searchpath', '/');
    const fileName = separator === '' ? name : name.replaceAll(separator, replacement);
    const tried: string[] = [];
    const file = this.#search(fileName, checkString(stack, 2, 'searchpath'), tried);
    stack.pushText(file);
    if (file === undefined) stack.pushText(tried.join('\n\t'));
    return file === undefined ? 2 : 1;
  }

  /** (name) → function; or nil, message */
  #loadFile(): number {
    const { stack, folders } = this.#context;
    const name = checkString(stack, 1, 'loadfile');
    const tried: string[] = [];
    const file = this.#firstThere(candidates(folders, toText(name)), tried);
    const problem = file === undefined ? cannotOpen(toText(name), tried) : this.#compile(file);
    if (problem === undefined) return 1;
    stack.pushText(undefined);
    stack.pushText(problem);
    return 2;
  }

  /** @returns the first file of `path`'s templates that exists and is within the bounds */
  #search(name: string, path: string, tried: string[]): string | undefined {
    const templates = path.split(';').filter((template) => template !== '');
    return this.#firstThere(
      templates.map((template) => template.replaceAll('?', () => name)),
      tried,
    );
  }

  /** `require "lib/greet.lua"`: as a file name. */
  #searchAsFile(name: string, path: string, tried: string[]): string | undefined {
    return name.endsWith('.lua') ? this.#search(name.slice(0, -4), path, tried) : undefined;
  }

  #firstThere(names: readonly string[], tried: string[]): string | undefined {
    for (const name of names) {
      const file = this.#existing(name, tried);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  #existing(name: string, tried: string[]): string | undefined {
    const { bounds, sources } = this.#context;
    try {
      const file = bounds.source(name);
      if (sources.exists(file)) {
        bounds.checkSource(file);
        return file;
      }
      tried.push(`no file '${this.#shown(file)}'`);
    } catch (error) {
      tried.push(`'${toText(name)}': ${fileErrorOf(error).message}`);
    }
    return undefined;
  }

  /** Pushes the compiled file. @returns why that failed */
  #compile(file: string): string | undefined {
    const { vm, sources } = this.#context;
    try {
      vm.compile(sources.read(file), `@${this.#shown(file)}`);
      return undefined;
    } catch (error) {
      if (error instanceof CumulusError) return messageOf(error);
      return fileErrorOf(error, `cannot read ${this.#shown(file)}`).message;
    }
  }

  #shown(file: string): string {
    return shownName(this.#context.folders, file);
  }
}

/**
 * Lua 5.1 marks a module as long as it is being loaded, and refuses to load it while it is marked. A load that the time
 * limit has ended would leave the mark for ever, though the module may have done nothing wrong.
 */
export function unmarkInterrupted(vm: LuaVm): void {
  const { raw, L, bytes } = vm;
  const loaded = vm.registry.ref();
  raw.pushglobals(L);
  raw.getfield(L, -1, bytes.name('package'));
  raw.getfield(L, -1, bytes.name('loaded'));
  raw.refset(L, loaded);
  raw.settop(L, -3);
  vm.brake.onRelease = () => {
    raw.refget(L, loaded);
    raw.pushnil(L);
    while (raw.next(L, -2) !== 0) {
      const marked = raw.type(L, -1) === LUA_TLIGHTUSERDATA;
      raw.settop(L, -2);
      if (!marked) continue;
      raw.pushvalue(L, -1);
      raw.pushnil(L);
      raw.rawset(L, -4);
    }
    raw.settop(L, -2);
  };
}

/** In the application's folder and in those above it; a path that is absolute is one. */
function candidates(folders: Folders, name: string): string[] {
  return [...new Set(foldersUp(folders).map((folder) => toBinary(resolve(folder, name))))];
}

function cannotOpen(name: string, tried: readonly string[]): string {
  return `cannot open ${name}: No such file or directory (${tried.join(', ')})`;
}

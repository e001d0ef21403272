/**
 * Which files a script may reach: `[lua] files`. It turns a script's names into paths, and refuses.
 *
 * Names and paths are binary strings: a name on the disk is bytes. A path that is returned has only real folders in it,
 * so that no symbolic link but the last component can lead out; that one must not be followed on opening. A link that
 * stays inside is an ordinary name. An application's own folder counts as inside, even where the operator has linked it
 * in from elsewhere: a script cannot make links.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { EACCES, EINVAL, FileError } from './file-error.js';

export type FileAccess = 'applications' | 'any' | 'none';

export interface Folders {
  /** The applications' folder, absolute. */
  readonly root: string;
  /** The application's own, absolute: what relative names are relative to. */
  readonly folder: string;
  /** That folder as messages show it: "www/Games/chat". */
  readonly shown: string;
}

export class Bounds {
  readonly access: FileAccess;
  readonly #folders: Folders;
  readonly #folder: string;
  /** As configured, and where they really are. */
  readonly #named: readonly string[];
  readonly #real: readonly string[];

  constructor(access: FileAccess, folders: Folders) {
    this.access = access;
    this.#folders = folders;
    this.#folder = toBinary(folders.folder);
    const named = [toBinary(folders.root), this.#folder];
    this.#real = named.map(realPathOf);
    this.#named = [...named, ...this.#real];
  }

  /** True when links must not be followed on opening. */
  get bounded(): boolean {
    return this.access !== 'any';
  }

  /** The absolute path that `name` means, unchecked: for those who only remember it. */
  absolute(name: string): string {
    return toText(resolve(this.#folder, name));
  }

  /**
   * The path of a file to open, make, remove or rename.
   * @throws FileError when it is refused, or the file system's error when its folder is not there
   */
  resolve(name: string): string {
    if (this.access === 'none') throw new FileError('files are switched off: [lua] files=none', EACCES);
    if (name.includes('\0')) throw new FileError('a file name cannot contain NUL', EINVAL);
    const path = resolve(this.#folder, name);
    if (this.access === 'any') return path;
    if (!isWithin(path, this.#named)) throw this.#outside();
    const parent = realPath(dirname(path));
    if (!isWithin(parent, this.#real)) throw this.#outside();
    return join(parent, basename(path));
  }

  /** Where the link `path` leads. @throws FileError when that is outside, the file system's when it is nowhere */
  follow(path: string): string {
    const target = realPath(path);
    if (!isWithin(target, this.#real)) throw this.#outside();
    return target;
  }

  /**
   * The absolute path of a file with Lua source. `files=none` is about data: an application's own code can be loaded.
   * @throws FileError when it is refused
   */
  source(name: string): string {
    if (name.includes('\0')) throw new FileError('a file name cannot contain NUL', EINVAL);
    const path = resolve(this.#folder, name);
    if (this.access !== 'any' && !isWithin(path, this.#named)) throw this.#outside();
    return toText(path);
  }

  /** Refuses a file of `source` that exists and is really outside. One that is not on the disk is from memory. */
  checkSource(file: string): void {
    if (this.access === 'any') return;
    let real: string;
    try {
      real = realPath(toBinary(file));
    } catch {
      return;
    }
    if (!isWithin(real, this.#real)) throw this.#outside();
  }

  #outside(): FileError {
    return new FileError(
      `outside of the applications' folder ${this.#folders.root} ([lua] files=any lifts this bound)`,
      EACCES,
    );
  }
}

/** "www/Games/chat/lib/util.lua": the applications' folder, by its last name, and what is below it. */
export function shownName({ root, folder, shown }: Folders, file: string): string {
  if (isWithin(file, [folder])) return shown + file.slice(folder.length);
  return isWithin(file, [root]) ? basename(root) + file.slice(root.length) : file;
}

/** The application's folder and those above it, up to the applications' folder. */
export function foldersUp({ root, folder }: Folders): string[] {
  const folders = [folder];
  for (let at = folder; at !== root && isWithin(at, [root]); ) {
    at = dirname(at);
    folders.push(at);
  }
  return folders;
}

export function toBinary(text: string): string {
  return isAscii(text) ? text : Buffer.from(text).toString('latin1');
}

export function toText(binary: string): string {
  return isAscii(binary) ? binary : Buffer.from(binary, 'latin1').toString();
}

/** What `node:fs` wants of a path that is a binary string. */
export function toPath(binary: string): Buffer {
  return Buffer.from(binary, 'latin1');
}

function realPath(path: string): string {
  return realpathSync.native(toPath(path), { encoding: 'buffer' }).toString('latin1');
}

/** A folder that has just been removed has no other path; the application that was in it ends soon. */
function realPathOf(folder: string): string {
  try {
    return realPath(folder);
  } catch {
    return folder;
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function isWithin(path: string, folders: readonly string[]): boolean {
  return folders.some(
    (folder) => path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep),
  );
}

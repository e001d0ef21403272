/**
 * The open files of one application: which userdata is which file, how many there are, closing them all.
 *
 * A file is found by the address of its userdata; its finalizer tells when Lua has collected it, before the address can
 * be another's.
 */
import { messageOf } from '../../errors.js';
import { LUA_TUSERDATA } from '../engine/raw.js';
import type { LuaVm } from '../vm.js';
import { EMFILE, FileError, fileErrorOf } from './file-error.js';
import type { LuaFile } from './lua-file.js';

/** Files that one application may have open at a time: descriptors are the whole server's. */
export const MAX_OPEN = 256;

export class OpenFiles {
  readonly #vm: LuaVm;
  readonly #report: (text: string) => void;
  readonly #byAddress = new Map<number, LuaFile>();
  /** Those on the disk that are not closed. */
  readonly #open = new Map<LuaFile, string>();
  readonly #metatable: number;

  /** @param report told of data that could not be written when nobody was there to get the error */
  constructor(vm: LuaVm, report: (text: string) => void) {
    this.#vm = vm;
    this.#report = report;
    this.#metatable = vm.registry.ref();
  }

  get count(): number {
    return this.#open.size;
  }

  /** Pops the metatable of files. */
  setMetatable(): void {
    this.#vm.raw.refset(this.#vm.L, this.#metatable);
  }

  /** Pushes a userdata for the file that `open` gives, which is not called when that fails. */
  push(name: string, open: () => LuaFile): LuaFile {
    const { raw, L } = this.#vm;
    // Files that the script has dropped without closing them are closed by their finalizers.
    if (this.#open.size >= MAX_OPEN) this.#vm.collectGarbage.run();
    if (this.#open.size >= MAX_OPEN)
      throw new FileError(`Too many open files (${MAX_OPEN} in one application)`, EMFILE);
    const address = this.#pushUserdata();
    const file = open();
    this.#byAddress.set(address, file);
    this.#open.set(file, name);
    raw.checkstack(L, 1);
    return file;
  }

  /** The same for one that is always open and cannot be closed. */
  pushStandard(file: LuaFile): void {
    this.#byAddress.set(this.#pushUserdata(), file);
  }

  at(i: number): LuaFile | undefined {
    const { raw, L } = this.#vm;
    return raw.type(L, i) === LUA_TUSERDATA ? this.#byAddress.get(raw.topointer(L, i)) : undefined;
  }

  close(file: LuaFile): void {
    this.#open.delete(file);
    file.close();
  }

  isStandard(file: LuaFile): boolean {
    return !file.closed && !this.#open.has(file);
  }

  /** The finalizer of the userdata at index 1. */
  collected(): void {
    const { raw, L } = this.#vm;
    const address = raw.topointer(L, 1);
    const file = this.#byAddress.get(address);
    this.#byAddress.delete(address);
    if (file) this.#closeQuietly(file);
  }

  /** Writes out everything, the console's unfinished lines included. */
  flushAll(): void {
    for (const file of this.#all()) this.#orReport(file, () => file.flush());
  }

  /** The same, and closes it. */
  closeAll(): void {
    for (const file of this.#all()) this.#closeQuietly(file);
  }

  #all(): Set<LuaFile> {
    return new Set([...this.#byAddress.values(), ...this.#open.keys()]);
  }

  #closeQuietly(file: LuaFile): void {
    this.#orReport(file, () => this.close(file));
  }

  #orReport(file: LuaFile, work: () => void): void {
    const name = this.#open.get(file) ?? 'file';
    try {
      work();
    } catch (error) {
      this.#report(`${name}: not written completely: ${messageOf(fileErrorOf(error))}`);
    }
  }

  #pushUserdata(): number {
    const { raw, L } = this.#vm;
    raw.newuserdata(L, 8);
    raw.refget(L, this.#metatable);
    raw.setmetatable(L, -2);
    return raw.topointer(L, -1);
  }
}

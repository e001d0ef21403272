/**
 * The methods of files, for scripts: `file:read(…)`. The library's functions on default files use the same.
 */

import {
  badArgument,
  checkInteger,
  checkString,
  optionalString,
  orFailure,
  wrongType,
} from '../arguments.js';
import { LUA_TNUMBER, LUA_TSTRING } from '../engine/raw.js';
import type { HostFunction } from '../host-calls.js';
import { LuaError } from '../lua-error.js';
import type { Stack } from '../stack.js';
import type { LuaVm } from '../vm.js';
import { Formats } from './formats.js';
import type { LuaFile, Whence } from './lua-file.js';
import type { OpenFiles } from './open-files.js';

export class FileMethods {
  readonly #vm: LuaVm;
  readonly #stack: Stack;
  readonly #files: OpenFiles;
  readonly #formats: Formats;

  constructor(vm: LuaVm, stack: Stack, files: OpenFiles) {
    this.#vm = vm;
    this.#stack = stack;
    this.#files = files;
    this.#formats = new Formats(vm, stack);
  }

  /** By their names in Lua, and two that only the metatable uses. */
  get functions(): Readonly<Record<string, HostFunction>> {
    return {
      read: () => this.read(this.file('read'), 2),
      write: () => this.write(this.file('write'), 2, () => this.#vm.raw.pushvalue(this.#vm.L, 1)),
      seek: () => this.#seek(this.file('seek')),
      flush: () => this.flush(this.file('flush')),
      setvbuf: () => this.#setvbuf(this.file('setvbuf')),
      close: () => this.close(this.file('close')),
      tostring: () => this.#tostring(),
      collected: () => {
        this.#files.collected();
        return 0;
      },
    };
  }

  /** The file at index 1, open. @throws LuaError */
  file(method: string): LuaFile {
    const file = this.#files.at(1);
    if (!file) throw wrongType(this.#stack, 1, method, 'FILE*');
    if (file.closed) throw new LuaError('attempt to use a closed file');
    return file;
  }

  /** Formats from index `first` on. */
  read(file: LuaFile, first: number): number {
    return this.#formats.read(file, first);
  }

  /** Values from index `first` on. @param pushFile pushes the file, which is the result */
  write(file: LuaFile, first: number, pushFile: () => void): number {
    const stack = this.#stack;
    const count = stack.count;
    return orFailure(stack, () => {
      for (let i = first; i <= count; i++) {
        const type = stack.type(i);
        if (type !== LUA_TSTRING && type !== LUA_TNUMBER)
          throw badArgument(i - first + 1, 'write', `string expected, got ${stack.typeName(i)}`);
        file.write(stack.bytes(i) ?? EMPTY);
      }
      pushFile();
      return 1;
    });
  }

  flush(file: LuaFile): number {
    return this.#done(() => file.flush());
  }

  close(file: LuaFile): number {
    if (!this.#files.isStandard(file)) return this.#done(() => this.#files.close(file));
    this.#stack.pushText(undefined);
    this.#stack.pushText('cannot close standard file');
    return 2;
  }

  #seek(file: LuaFile): number {
    const stack = this.#stack;
    const whence = optionalString(stack, 2, 'seek', 'cur');
    if (!isWhence(whence)) throw badArgument(1, 'seek', `invalid option '${whence}'`);
    const offset = stack.isNil(3) ? 0 : checkInteger(stack, 3, 'seek');
    return orFailure(stack, () => stack.pushNumber(file.seek(whence, offset)));
  }

  #setvbuf(file: LuaFile): number {
    const mode = checkString(this.#stack, 2, 'setvbuf');
    if (mode !== 'no' && mode !== 'line' && mode !== 'full')
      throw badArgument(1, 'setvbuf', `invalid option '${mode}'`);
    return this.#done(() => file.setBuffering(mode));
  }

  #tostring(): number {
    const file = this.#files.at(1);
    const address = this.#vm.raw.topointer(this.#vm.L, 1).toString(16).padStart(8, '0');
    return this.#stack.pushText(file && !file.closed ? `file (0x${address})` : 'file (closed)');
  }

  #done(work: () => void): number {
    return orFailure(this.#stack, () => {
      work();
      return this.#stack.pushBoolean(true);
    });
  }
}

function isWhence(text: string): text is Whence {
  return text === 'set' || text === 'cur' || text === 'end';
}

const EMPTY = new Uint8Array(0);

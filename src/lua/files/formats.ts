/**
 * The formats of `read`: "n", "a", "l", "L" and counts, with and without the "*" of Lua 5.1.
 */

import { badArgument, checkInteger, orFailure } from '../arguments.js';
import { LUA_TNUMBER, LUA_TSTRING } from '../engine/raw.js';
import type { Stack } from '../stack.js';
import type { LuaVm } from '../vm.js';
import type { LuaFile } from './lua-file.js';

export class Formats {
  readonly #vm: LuaVm;
  readonly #stack: Stack;
  readonly #toNumber: number;

  constructor(vm: LuaVm, stack: Stack) {
    this.#vm = vm;
    this.#stack = stack;
    this.#toNumber = vm.registry.ref();
    vm.raw.pushglobals(vm.L);
    vm.raw.getfield(vm.L, -1, vm.bytes.name('tonumber'));
    vm.raw.refset(vm.L, this.#toNumber);
    vm.raw.settop(vm.L, -2);
  }

  /** Pushes what the formats from index `first` on read; the first that fails gives nil and ends it. */
  read(file: LuaFile, first: number): number {
    const count = this.#stack.count;
    return orFailure(this.#stack, () => {
      if (count < first) return this.#pushBytes(file.readLine(false));
      for (let i = first; i <= count; i++) if (!this.#readOne(file, i, first)) return i - first + 1;
      return count - first + 1;
    });
  }

  /** @returns false when there is no such thing any more, which is nil */
  #readOne(file: LuaFile, i: number, first: number): boolean {
    const stack = this.#stack;
    this.#vm.raw.checkstack(this.#vm.L, 4);
    if (stack.type(i) === LUA_TNUMBER) return this.#pushed(file.readCount(this.#count(i, first)));
    const format = stack.type(i) === LUA_TSTRING ? (stack.binary(i) ?? '') : '';
    switch (format.replace(/^\*/, '')[0]) {
      case 'l':
        return this.#pushed(file.readLine(false));
      case 'L':
        return this.#pushed(file.readLine(true));
      case 'a':
        return this.#pushed(file.readAll());
      case 'n':
        return this.#pushNumber(file.readNumeral());
      default:
        throw badArgument(i - first + 1, 'read', 'invalid format');
    }
  }

  #count(i: number, first: number): number {
    const count = checkInteger(this.#stack, i, 'read');
    if (count >= 0) return count;
    throw badArgument(i - first + 1, 'read', 'the number of bytes cannot be negative');
  }

  #pushed(bytes: Uint8Array | undefined): boolean {
    this.#pushBytes(bytes);
    return bytes !== undefined;
  }

  #pushBytes(bytes: Uint8Array | undefined): 1 {
    return bytes === undefined ? this.#stack.pushText(undefined) : this.#stack.pushBytes(bytes);
  }

  /** By Lua's own `tonumber`: it knows integers, floats and hexadecimal as this engine has them. */
  #pushNumber(numeral: string): boolean {
    const { raw, L } = this.#vm;
    raw.refget(L, this.#toNumber);
    this.#stack.pushBinary(numeral);
    if (raw.pcall(L, 1, 1, 0) === 0 && this.#stack.type(-1) === LUA_TNUMBER) return true;
    raw.settop(L, -2);
    this.#stack.pushText(undefined);
    return false;
  }
}

/**
 * Arguments and results of a host function, in the terms of its author: text, numbers, bytes.
 *
 * It works on the state that runs. Indices count from 1; of a method, index 1 is the object.
 */
import { LUA_TBOOLEAN, LUA_TNIL, LUA_TNUMBER, LUA_TSTRING } from './engine/raw.js';
import { LuaError } from './lua-error.js';
import { scriptPosition } from './position.js';
import type { LuaVm } from './vm.js';

const TYPE_NAMES = [
  'nil',
  'boolean',
  'userdata',
  'number',
  'string',
  'table',
  'function',
  'userdata',
  'thread',
];

export class Stack {
  readonly #vm: LuaVm;

  constructor(vm: LuaVm) {
    this.#vm = vm;
  }

  get count(): number {
    return this.#vm.raw.gettop(this.#vm.L);
  }

  type(i: number): number {
    return this.#vm.raw.type(this.#vm.L, i);
  }

  /** "nil", "number" …; "nil" too when there is no such argument. */
  typeName(i: number): string {
    return TYPE_NAMES[this.type(i)] ?? 'nil';
  }

  isNil(i: number): boolean {
    return this.type(i) <= LUA_TNIL;
  }

  isString(i: number): boolean {
    return this.type(i) === LUA_TSTRING;
  }

  boolean(i: number): boolean {
    return this.#vm.raw.toboolean(this.#vm.L, i) !== 0;
  }

  /** A number or a numeric string; else undefined. */
  number(i: number): number | undefined {
    const { raw, L } = this.#vm;
    return raw.isnumber(L, i) !== 0 ? raw.tonumber(L, i) : undefined;
  }

  /** A string, or a number as Lua writes it, as UTF-8; else undefined. */
  text(i: number): string | undefined {
    return this.#vm.bytes.text(this.#vm.L, i);
  }

  binary(i: number): string | undefined {
    return this.#vm.bytes.binary(this.#vm.L, i);
  }

  /** The bytes of a string or number; valid until Lua runs again. */
  bytes(i: number): Uint8Array | undefined {
    return this.#vm.bytes.view(this.#vm.L, i);
  }

  /** An argument as an error message shows it: a short string in quotes, a number, or the type. */
  describe(i: number): string {
    const type = this.type(i);
    if (type === LUA_TBOOLEAN) return String(this.boolean(i));
    if (type === LUA_TNUMBER) return this.text(i) ?? '';
    if (type === LUA_TSTRING) return `"${(this.text(i) ?? '').slice(0, 60)}"`;
    return type === LUA_TNIL || type < 0 ? 'nil' : `a ${this.typeName(i)}`;
  }

  /** Makes room for `count` results; 20 fit without asking. @throws LuaError when Lua has not so much room */
  reserve(count: number): void {
    if (this.#vm.raw.checkstack(this.#vm.L, count) === 0) throw new LuaError(`too many results: ${count}`);
  }

  pushText(text: string | undefined): 1 {
    if (text === undefined) this.#vm.raw.pushnil(this.#vm.L);
    else this.#vm.bytes.pushText(this.#vm.L, text);
    return 1;
  }

  /** ASCII, or bytes as characters. */
  pushBinary(binary: string | undefined): number {
    if (binary === undefined) return 0;
    this.#vm.bytes.pushBinary(this.#vm.L, binary);
    return 1;
  }

  pushBytes(bytes: Uint8Array): 1 {
    this.#vm.bytes.push(this.#vm.L, bytes);
    return 1;
  }

  pushBoolean(value: boolean): 1 {
    this.#vm.raw.pushboolean(this.#vm.L, value ? 1 : 0);
    return 1;
  }

  /** As an integer when it is one: 1234 is not to be written as 1234.0. */
  pushNumber(value: number): 1 {
    const { raw, L } = this.#vm;
    if (Number.isSafeInteger(value)) raw.pushinteger(L, value);
    else raw.pushnumber(L, value);
    return 1;
  }

  /** As a float, where the engine has integers, too. */
  pushFloat(value: number): 1 {
    this.#vm.raw.pushnumber(this.#vm.L, value);
    return 1;
  }

  /** "www/main.lua" and the line of the Lua function that called the host function. */
  caller(): { file: string; line: number } | undefined {
    const { raw, L, bytes } = this.#vm;
    const match = /^(.*):(\d+): $/.exec(scriptPosition(raw, bytes, L, 1));
    return match?.[1] ? { file: match[1], line: Number(match[2]) } : undefined;
  }
}

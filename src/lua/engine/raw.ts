/**
 * The part of Lua's C API that this project uses, the same for every engine: plain functions over numbers.
 *
 * Invariant: nothing here converts a string or allocates. A number named `L` is a lua_State*, `i` a stack index,
 * `p` an address in the WebAssembly heap.
 */

import type { LentBlock } from './lent-block.js';
import type { CStack } from './match-state.js';

export const LUA_TNIL = 0;
export const LUA_TBOOLEAN = 1;
export const LUA_TLIGHTUSERDATA = 2;
export const LUA_TNUMBER = 3;
export const LUA_TSTRING = 4;
export const LUA_TTABLE = 5;
export const LUA_TFUNCTION = 6;
export const LUA_TUSERDATA = 7;
export const LUA_TTHREAD = 8;

export type EngineVersion = '5.4' | '5.1';

export interface MemoryState {
  /** The most the heap may grow to, bytes. */
  readonly limit: number;
  /** The heap was refused to grow; for its reader to reset. */
  refused: boolean;
  /** Set by the collector, which may use more than the limit. */
  collecting: boolean;
}

export interface RawLua {
  readonly version: EngineVersion;
  /** The main state. */
  readonly L: number;
  /** True when the real exports are in use and the memory limit costs nothing; false for wasmoon's wrapped ones. */
  readonly direct: boolean;
  readonly memory: MemoryState;

  gettop(L: number): number;
  settop(L: number, i: number): void;
  pushvalue(L: number, i: number): void;
  /** Moves the top value down to `i`. */
  insert(L: number, i: number): void;
  checkstack(L: number, n: number): number;
  type(L: number, i: number): number;
  isinteger(L: number, i: number): number;
  toboolean(L: number, i: number): number;
  /** 0 when it is neither a number nor a numeric string. */
  tonumber(L: number, i: number): number;
  isnumber(L: number, i: number): number;
  /** The number at `i`: a bigint where the engine has integers and it is one. */
  tonumeric(L: number, i: number): number | bigint;
  pushnumeric(L: number, n: number | bigint): void;
  iscfunction(L: number, i: number): number;
  /** Turns a number in place into a string. 0 when it is neither. */
  tolstring(L: number, i: number, lengthPointer: number): number;
  topointer(L: number, i: number): number;
  pushnil(L: number): void;
  pushboolean(L: number, b: number): void;
  pushnumber(L: number, n: number): void;
  /** An integer where the engine has them, else a number. */
  pushinteger(L: number, n: number): void;
  pushlstring(L: number, p: number, length: number): void;
  pushcclosure(L: number, fn: number, n: number): void;
  /** The pseudo-index of the running function's upvalue `n`, from 1. */
  upvalueindex(n: number): number;
  pushthread(L: number): number;
  getfield(L: number, i: number, name: number): void;
  setfield(L: number, i: number, name: number): void;
  /** With metamethods. */
  gettable(L: number, i: number): void;
  settable(L: number, i: number): void;
  rawget(L: number, i: number): void;
  rawset(L: number, i: number): void;
  rawlen(L: number, i: number): number;
  rawequal(L: number, i: number, j: number): number;
  createtable(L: number, arrayItems: number, otherItems: number): void;
  next(L: number, i: number): number;
  /** Pushes a userdata of `size` bytes and returns its address. */
  newuserdata(L: number, size: number): number;
  /** Pops a table and makes it the metatable of the value at `i`. */
  setmetatable(L: number, i: number): void;
  /** 0, and nothing pushed, when there is none. */
  getmetatable(L: number, i: number): number;
  /** Pushes, or pops into, slot `id` of the registry. */
  refget(L: number, id: number): void;
  refset(L: number, id: number): void;
  /** The same for the table at `i`, which must hold nothing else. */
  slotget(L: number, i: number, id: number): void;
  slotset(L: number, i: number, id: number): void;
  pushglobals(L: number): void;
  loadbuffer(L: number, p: number, length: number, name: number): number;
  pcall(L: number, arguments_: number, results: number, handler: number): number;
  /** Never returns: it unwinds by throwing a number. */
  error(L: number): number;
  /** Pushes "chunk:line: " of the function at `level`, or "". */
  where(L: number, level: number): void;
  openlibs(L: number): void;
  sethook(L: number, fn: number, mask: number, count: number): void;
  /**
   * Lets hooks run in `L` again, from inside a hook that is about to raise an error: a coroutine that dies of it would
   * never run one again, though its `__close` handlers may run yet.
   */
  allowhooks(L: number): void;
  atpanic(L: number, fn: number): number;
  /**
   * After an error outside of any protected call, which left by a JavaScript exception: puts the C stack back.
   * @returns false when Lua was in the middle of a function, which it would go on with
   */
  recover(L: number): boolean;
  malloc(size: number): number;
  free(p: number): void;
  realloc(p: number, size: number): number;
  /** Undefined where the engine does not say. */
  readonly cStack: CStack | undefined;
  /** Undefined with the wrapped exports. */
  readonly lentBlock: LentBlock | undefined;
  /** Makes a JavaScript function callable as a lua_CFunction (or hook, with 'vii'); it costs a table slot for good. */
  addFunction(fn: (...arguments_: number[]) => number | undefined, signature: 'ii' | 'vii'): number;
  /** The heap. Ask afresh at each use: it is replaced when the memory grows. */
  heap(): Buffer;
}

/** LUA_MASKCOUNT of lua_sethook. */
export const MASK_COUNT = 8;
/** The status of a call that ran out of memory. */
export const LUA_ERRMEM = 4;
export const LUA_MULTRET = -1;

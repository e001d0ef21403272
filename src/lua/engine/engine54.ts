/**
 * Lua 5.4 by wasmoon. With engine51.ts, the only importer of a wasmoon package.
 */
import { LuaEngine, LuaFactory } from 'wasmoon';
import type { EmscriptenLua, EngineBuild, Glue } from './engine.js';
import { cStackOf, heapOf, recovery } from './heap.js';
import { hostFunctions } from './host-functions.js';
import { lentBlock } from './lent-block.js';
import { LUA_TSTRING, type RawLua } from './raw.js';

const REGISTRY = -1_001_000;
const RIDX_GLOBALS = 2n;
/** Offset of `allowhook` in lua_State: after the collector's link, type and mark, and the state's status. */
const ALLOWHOOK = 7;

export async function glue54(): Promise<Glue> {
  const wasm = await new LuaFactory().getLuaModule();
  return {
    module: wasm.module as unknown as EmscriptenLua,
    limitedState(memoryBytes: number): number {
      const engine = new LuaEngine(wasm, { openStandardLibs: false, traceAllocations: true });
      engine.global.setMemoryMax(memoryBytes);
      return engine.global.address;
    },
  };
}

export function adapt54(build: EngineBuild, memory: number): RawLua {
  const x = build.exports as unknown as Exports54;
  const functions = hostFunctions(build);
  const L = build.direct ? x.luaL_newstate() : build.limitedState(memory);
  const heap = heapOf(build);
  return {
    version: '5.4',
    L,
    direct: build.direct,
    memory: build.memory,
    gettop: x.lua_gettop,
    settop: x.lua_settop,
    pushvalue: x.lua_pushvalue,
    insert: (L, i) => x.lua_rotate(L, i, 1),
    checkstack: x.lua_checkstack,
    type: x.lua_type,
    isinteger: x.lua_isinteger,
    toboolean: x.lua_toboolean,
    tonumber: (L, i) => x.lua_tonumberx(L, i, 0),
    isnumber: x.lua_isnumber,
    tonumeric: (L, i) => (x.lua_isinteger(L, i) !== 0 ? x.lua_tointegerx(L, i, 0) : x.lua_tonumberx(L, i, 0)),
    pushnumeric: (L, n) => (typeof n === 'bigint' ? x.lua_pushinteger(L, n) : x.lua_pushnumber(L, n)),
    iscfunction: x.lua_iscfunction,
    tolstring: x.lua_tolstring,
    topointer: x.lua_topointer,
    pushnil: x.lua_pushnil,
    pushboolean: x.lua_pushboolean,
    pushnumber: x.lua_pushnumber,
    pushinteger: (L, n) => x.lua_pushinteger(L, BigInt(n)),
    pushlstring: x.lua_pushlstring,
    pushcclosure: x.lua_pushcclosure,
    upvalueindex: (n) => REGISTRY - n,
    pushthread: x.lua_pushthread,
    getfield: x.lua_getfield,
    setfield: x.lua_setfield,
    gettable: x.lua_gettable,
    settable: x.lua_settable,
    rawget: x.lua_rawget,
    rawset: x.lua_rawset,
    rawlen: x.lua_rawlen,
    rawequal: x.lua_rawequal,
    createtable: x.lua_createtable,
    next: x.lua_next,
    newuserdata: (L, size) => x.lua_newuserdatauv(L, size, 0),
    setmetatable: x.lua_setmetatable,
    getmetatable: x.lua_getmetatable,
    // By light pointer: the family of rawgeti takes a BigInt.
    refget: (L, id) => x.lua_rawgetp(L, REGISTRY, id),
    refset: (L, id) => x.lua_rawsetp(L, REGISTRY, id),
    slotget: x.lua_rawgetp,
    slotset: x.lua_rawsetp,
    pushglobals: (L) => x.lua_rawgeti(L, REGISTRY, RIDX_GLOBALS),
    loadbuffer: (L, p, length, name) => x.luaL_loadbufferx(L, p, length, name, 0),
    pcall: (L, n, results, handler) => x.lua_pcallk(L, n, results, handler, 0, 0),
    error: x.lua_error,
    where: x.luaL_where,
    openlibs: x.luaL_openlibs,
    sethook: x.lua_sethook,
    allowhooks: (L) => {
      // No function of Lua does it. In a hook the flag is 0; anything else is a build that is laid out differently.
      if (heap()[L + ALLOWHOOK] === 0) heap()[L + ALLOWHOOK] = 1;
    },
    atpanic: x.lua_atpanic,
    recover: recovery(build),
    malloc: x.malloc,
    free: x.free,
    realloc: x.realloc,
    cStack: cStackOf(build),
    lentBlock: lentBlock(build, functions, L, LUA_TSTRING),
    addFunction: (fn, signature) => functions.add(fn, signature),
    heap,
  };
}

type N = number;
interface Exports54 {
  luaL_newstate(): N;
  lua_gettop(L: N): N;
  lua_settop(L: N, i: N): void;
  lua_pushvalue(L: N, i: N): void;
  lua_rotate(L: N, i: N, n: N): void;
  lua_checkstack(L: N, n: N): N;
  lua_type(L: N, i: N): N;
  lua_isinteger(L: N, i: N): N;
  lua_toboolean(L: N, i: N): N;
  lua_tonumberx(L: N, i: N, isnum: N): N;
  lua_isnumber(L: N, i: N): N;
  lua_tointegerx(L: N, i: N, isnum: N): bigint;
  lua_iscfunction(L: N, i: N): N;
  lua_tolstring(L: N, i: N, length: N): N;
  lua_topointer(L: N, i: N): N;
  lua_pushnil(L: N): void;
  lua_pushboolean(L: N, b: N): void;
  lua_pushnumber(L: N, n: N): void;
  lua_pushinteger(L: N, n: bigint): void;
  lua_pushlstring(L: N, p: N, length: N): void;
  lua_pushcclosure(L: N, fn: N, n: N): void;
  lua_pushthread(L: N): N;
  lua_getfield(L: N, i: N, name: N): void;
  lua_setfield(L: N, i: N, name: N): void;
  lua_gettable(L: N, i: N): void;
  lua_settable(L: N, i: N): void;
  lua_rawget(L: N, i: N): void;
  lua_rawset(L: N, i: N): void;
  lua_rawlen(L: N, i: N): N;
  lua_rawequal(L: N, i: N, j: N): N;
  lua_createtable(L: N, narr: N, nrec: N): void;
  lua_next(L: N, i: N): N;
  lua_newuserdatauv(L: N, size: N, values: N): N;
  lua_setmetatable(L: N, i: N): void;
  lua_getmetatable(L: N, i: N): N;
  lua_rawgetp(L: N, i: N, p: N): void;
  lua_rawsetp(L: N, i: N, p: N): void;
  lua_rawgeti(L: N, i: N, n: bigint): void;
  luaL_loadbufferx(L: N, p: N, length: N, name: N, mode: N): N;
  lua_pcallk(L: N, n: N, results: N, handler: N, context: N, k: N): N;
  lua_error(L: N): N;
  luaL_where(L: N, level: N): void;
  luaL_openlibs(L: N): void;
  lua_sethook(L: N, fn: N, mask: N, count: N): void;
  lua_atpanic(L: N, fn: N): N;
  malloc(size: N): N;
  free(p: N): void;
  realloc(p: N, size: N): N;
}

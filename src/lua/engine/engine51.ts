/**
 * Lua 5.1 by wasmoon-lua5.1, behind the same raw layer: `[lua] version=5.1`.
 */
import { Lua, LuaApi } from 'wasmoon-lua5.1';
import type { EmscriptenLua, EngineBuild, Glue } from './engine.js';
import { cStackOf, heapOf, recovery } from './heap.js';
import { hostFunctions } from './host-functions.js';
import { lentBlock, UNKNOWN } from './lent-block.js';
import type { RawLua } from './raw.js';

const REGISTRY = -10_000;
const GLOBALS = -10_002;
/** Slots of ours in the registry's array part; below are luaL_ref's. */
const FIRST_SLOT = 0x10000;

export async function glue51(): Promise<Glue> {
  const api = await LuaApi.initialize();
  return {
    module: api.module as unknown as EmscriptenLua,
    limitedState(memoryBytes: number): number {
      const lua = new Lua(api, { openStandardLibs: false, traceAllocations: true });
      lua.global.setMemoryMax(memoryBytes);
      return lua.global.address;
    },
  };
}

export function adapt51(build: EngineBuild, memory: number): RawLua {
  const x = build.exports as unknown as Exports51;
  const functions = hostFunctions(build);
  const L = build.direct ? x.luaL_newstate() : build.limitedState(memory);
  return {
    version: '5.1',
    L,
    direct: build.direct,
    memory: build.memory,
    gettop: x.lua_gettop,
    settop: x.lua_settop,
    pushvalue: x.lua_pushvalue,
    insert: x.lua_insert,
    checkstack: x.lua_checkstack,
    type: x.lua_type,
    isinteger: (L, i) => (x.lua_type(L, i) === 3 && Number.isInteger(x.lua_tonumber(L, i)) ? 1 : 0),
    toboolean: x.lua_toboolean,
    tonumber: x.lua_tonumber,
    isnumber: x.lua_isnumber,
    tonumeric: x.lua_tonumber,
    pushnumeric: (L, n) => x.lua_pushnumber(L, Number(n)),
    iscfunction: x.lua_iscfunction,
    tolstring: x.lua_tolstring,
    topointer: x.lua_topointer,
    pushnil: x.lua_pushnil,
    pushboolean: x.lua_pushboolean,
    pushnumber: x.lua_pushnumber,
    pushinteger: x.lua_pushnumber,
    pushlstring: x.lua_pushlstring,
    pushcclosure: x.lua_pushcclosure,
    upvalueindex: (n) => GLOBALS - n,
    pushthread: x.lua_pushthread,
    getfield: x.lua_getfield,
    setfield: x.lua_setfield,
    gettable: x.lua_gettable,
    settable: x.lua_settable,
    rawget: x.lua_rawget,
    rawset: x.lua_rawset,
    rawlen: x.lua_objlen,
    rawequal: x.lua_rawequal,
    createtable: x.lua_createtable,
    next: x.lua_next,
    newuserdata: x.lua_newuserdata,
    setmetatable: x.lua_setmetatable,
    getmetatable: x.lua_getmetatable,
    refget: (L, id) => x.lua_rawgeti(L, REGISTRY, FIRST_SLOT + id),
    refset: (L, id) => x.lua_rawseti(L, REGISTRY, FIRST_SLOT + id),
    slotget: x.lua_rawgeti,
    slotset: x.lua_rawseti,
    pushglobals: (L) => x.lua_pushvalue(L, GLOBALS),
    loadbuffer: x.luaL_loadbuffer,
    pcall: x.lua_pcall,
    error: x.lua_error,
    where: x.luaL_where,
    openlibs: x.luaL_openlibs,
    sethook: x.lua_sethook,
    // Nothing runs in a dead coroutine of 5.1.
    allowhooks: () => {},
    atpanic: x.lua_atpanic,
    recover: recovery(build),
    malloc: x.malloc,
    free: x.free,
    realloc: x.realloc,
    cStack: cStackOf(build),
    lentBlock: lentBlock(build, functions, L, UNKNOWN),
    addFunction: (fn, signature) => functions.add(fn, signature),
    heap: heapOf(build),
  };
}

type N = number;
interface Exports51 {
  luaL_newstate(): N;
  lua_gettop(L: N): N;
  lua_settop(L: N, i: N): void;
  lua_pushvalue(L: N, i: N): void;
  lua_insert(L: N, i: N): void;
  lua_checkstack(L: N, n: N): N;
  lua_type(L: N, i: N): N;
  lua_toboolean(L: N, i: N): N;
  lua_tonumber(L: N, i: N): N;
  lua_isnumber(L: N, i: N): N;
  lua_iscfunction(L: N, i: N): N;
  lua_tolstring(L: N, i: N, length: N): N;
  lua_topointer(L: N, i: N): N;
  lua_pushnil(L: N): void;
  lua_pushboolean(L: N, b: N): void;
  lua_pushnumber(L: N, n: N): void;
  lua_pushlstring(L: N, p: N, length: N): void;
  lua_pushcclosure(L: N, fn: N, n: N): void;
  lua_pushthread(L: N): N;
  lua_getfield(L: N, i: N, name: N): void;
  lua_setfield(L: N, i: N, name: N): void;
  lua_gettable(L: N, i: N): void;
  lua_settable(L: N, i: N): void;
  lua_rawget(L: N, i: N): void;
  lua_rawset(L: N, i: N): void;
  lua_objlen(L: N, i: N): N;
  lua_rawequal(L: N, i: N, j: N): N;
  lua_createtable(L: N, narr: N, nrec: N): void;
  lua_next(L: N, i: N): N;
  lua_newuserdata(L: N, size: N): N;
  lua_setmetatable(L: N, i: N): void;
  lua_getmetatable(L: N, i: N): N;
  lua_rawgeti(L: N, i: N, n: N): void;
  lua_rawseti(L: N, i: N, n: N): void;
  luaL_loadbuffer(L: N, p: N, length: N, name: N): N;
  lua_pcall(L: N, n: N, results: N, handler: N): N;
  lua_error(L: N): N;
  luaL_where(L: N, level: N): void;
  luaL_openlibs(L: N): void;
  lua_sethook(L: N, fn: N, mask: N, count: N): void;
  lua_atpanic(L: N, fn: N): N;
  malloc(size: N): N;
  free(p: N): void;
  realloc(p: N, size: N): N;
}

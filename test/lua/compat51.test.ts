/** Lua 5.1's and LuaJIT's names, on both engines: a script for the original server finds what it expects. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LuaEngines } from '../../src/lua/engine/engine.js';
import { installSandbox } from '../../src/lua/sandbox.js';
import { Stack } from '../../src/lua/stack.js';
import { LuaVm } from '../../src/lua/vm.js';
import { failure, printed } from '../support/script.js';
import { LUA_VERSION, temporaryFolder } from '../support/server.js';

const is54 = LUA_VERSION === '5.4';

test('unpack, loadstring, gcinfo', async () => {
  const lines = await printed(`
    print(unpack({ 1, 2, 3 })) print(unpack({ 1, 2, 3 }, 2)) print(unpack({ 1, 2, 3 }, 2, 2))
    print(loadstring('return ...', 'name')(7)) print(loadstring('x ='))
    print(gcinfo() > 0)`);
  expect(lines.slice(0, 4)).toEqual(['1\t2\t3', '2\t3', '2', '7']);
  expect(lines[4]).toMatch(/^nil\t\[string "x ="\]:1: unexpected symbol near /);
  expect(lines[5]).toBe('true');
});

test('setfenv gives one function another environment, and no other function', async () => {
  const lines = await printed(`
    x = 'global'
    local function one() return x end
    local function two() return x end
    assert(setfenv(one, { x = 'mine' }) == one)
    print(one(), two(), x, getfenv(one).x, getfenv(two) == _G, getfenv(print) == _G)
    local env = { x = 'inner' }
    local function maker() return function() return x end end
    local before = maker()
    setfenv(maker, env)
    print(before(), maker()())
    setfenv(one, _G) print(one())`);
  expect(lines).toEqual(['mine\tglobal\tglobal\tmine\ttrue\ttrue', 'global\tinner', 'global']);
});

test('setfenv and getfenv take levels', async () => {
  const lines = await printed(`
    local print, setfenv, getfenv, G = print, setfenv, getfenv, _G
    x = 'global'
    local function callee() setfenv(2, { x = 'of the caller' }) print(getfenv(2).x, getfenv(1) == G, getfenv() == G) end
    local function caller() callee() return x end
    print(caller(), x)
    local function own() setfenv(1, { x = 'own' }) return x, getfenv().x end
    print(own())
    print(getfenv(0) == G)
    local chunk = loadstring('y = 1 return y') local env = {}
    print(setfenv(chunk, env)(), env.y, y)`);
  expect(lines).toEqual([
    'of the caller\ttrue\ttrue',
    'of the caller\tglobal',
    'own\town',
    'true',
    '1\t1\tnil',
  ]);
});

test('functions that use no globals have an environment that is remembered', async () => {
  const lines = await printed(`
    local function add(a, b) return a + b end
    local env = {}
    setfenv(add, env)
    print(add(1, 2), getfenv(add) == env)
    setfenv(add, _G) print(getfenv(add) == _G)`);
  expect(lines).toEqual(['3\ttrue', 'true']);
});

test('setfenv and getfenv say what is wrong, and where', async () => {
  const cases = [
    ['setfenv(pcall, {})', "'setfenv' cannot change environment of given object"],
    ['setfenv(function() end, 1)', "bad argument #2 to 'setfenv' (table expected, got number)"],
    ['setfenv(200, {})', "bad argument #1 to 'setfenv' (invalid level)"],
    ['getfenv(-1)', "bad argument #1 to 'getfenv' (level must be non-negative)"],
    ['getfenv({})', "bad argument #1 to 'getfenv' (number expected, got table)"],
  ];
  for (const [code, message] of cases)
    expect(await failure(`\n${code}`)).toContain(`www/main.lua:2: ${message}`);
});

test('module makes a table of the globals that a file sets', async () => {
  const lines = await printed({
    'main.lua': `
      local m = require 'game.lobby'
      print(m == game.lobby, m == package.loaded['game.lobby'], m._NAME, m._PACKAGE, m._M == m)
      print(m.enter('Ann'), m.count, count, enter)
      print(require('game.plain').x, x)`,
    'game/lobby.lua': `
      module('game.lobby', package.seeall)
      count = 0
      function enter(name) count = count + 1 return string.upper(name) .. tostring(count) end`,
    'game/plain.lua': `module(...) x = 'plain'`,
  });
  expect(lines).toEqual(['true\ttrue\tgame.lobby\tgame.\ttrue', 'ANN1\t1\tnil\tnil', 'plain\tnil']);
});

test('module refuses a name that is taken', async () => {
  expect(await failure(`taken = 1\nmodule('taken')`)).toContain(
    "www/main.lua:2: name conflict for module 'taken'",
  );
  expect(await failure(`\nmodule()`)).toContain(
    "www/main.lua:2: bad argument #1 to 'module' (string expected, got n",
  );
});

test('table.getn, maxn, foreach, foreachi; setn is obsolete as it was', async () => {
  const lines = await printed(`
    print(table.getn({ 1, 2, 3 }), table.maxn({ 1, 2, [10] = 1, [1.5] = 2 }), table.maxn({}))
    local sum = 0 table.foreach({ a = 1, b = 2 }, function(_, v) sum = sum + v end) print(sum)
    print(table.foreach({ 5 }, function(k, v) return k + v end))
    table.foreachi({ 'a', 'b' }, print) print(table.foreachi({ 1, 2, 3 }, function(i) if i == 2 then return 'two' end end))
    print(pcall(table.setn, {}, 1))`);
  expect(lines.slice(0, 6)).toEqual(['3\t10\t0', '3', '6', '1\ta', '2\tb', 'two']);
  expect(lines[6]).toContain("'setn' is obsolete");
});

test('the functions of math that 5.4 has not', async () => {
  const [first, second, third] = await printed(`
    print(math.pow(2, 10) == 1024, math.mod(7, 3) == 1, math.log10(1000), math.atan2(1, 1) == math.pi / 4)
    print(string.format('%.15g %.15g %.15g %.15g', math.cosh(1), math.sinh(1), math.tanh(1), math.sinh(1e-10)))
    print(math.tanh(1000) == 1, math.sinh(-1000) == -math.huge, pcall(math.sinh, {}))`);
  expect(first).toMatch(/^true\ttrue\t3(\.0)?\ttrue$/);
  expect(second).toBe('1.54308063481524 1.1752011936438 0.761594155955765 1e-10');
  expect(third).toMatch(/^true\ttrue\tfalse\t.*bad argument #1 to '(sinh|\?)'/);
});

test('frexp and ldexp take numbers apart and together, at any magnitude', async () => {
  const lines = await printed(`
    for _, x in ipairs { 8, 0.5, 1, -3, 0.1, 2^1023, 2^-1022, 2^-1074, 1e308, -5e-324, 3 * 2^-1074, 123456789 } do
      local m, e = math.frexp(x)
      assert((m >= 0.5 and m < 1) or (m <= -0.5 and m > -1), x .. ' ' .. m)
      assert(e == math.floor(e))
      assert(math.ldexp(m, e) == x, x .. ' ' .. m .. ' ' .. e)
    end
    print(math.frexp(0), select(2, math.frexp(8)))
    print(math.ldexp(1, 2000), math.ldexp(1, -2000) == 0, math.ldexp(1, 10) == 1024, math.ldexp(0.5, -1073) == 2^-1074)
    local m, e = math.frexp(math.huge) print(m)`);
  expect(lines).toEqual([is54 ? '0.0\t4' : '0\t4', 'inf\ttrue\ttrue\ttrue', 'inf']);
});

test('string.gfind is gmatch', async () => {
  expect(await printed(`for a, b in string.gfind('k=v, x=y', '(%w)=(%w)') do print(a, b) end`)).toEqual([
    'k\tv',
    'x\ty',
  ]);
});

test('jit is there and says that it is off', async () => {
  const lines = await printed(`
    print(jit.status(), type(jit.version), jit.version_num, type(jit.os), type(jit.arch))
    jit.on() jit.off() jit.flush() jit.opt.start('hotloop=10') jit.off(true, true)
    print(require('jit') == jit, require('bit') == bit)`);
  expect(lines).toEqual(['false\tstring\t0\tstring\tstring', 'true\ttrue']);
});

test('an application that brings a module of its own named bit gets that one', async () => {
  const lines = await printed({
    'main.lua': `
      print((require('bit')), bit.band(3, 1))
      unpack = unpack or table.unpack
      function table.getn(t) return 'own' end print(table.getn({}), unpack({ 1 }))
      bit = require('bit') print(bit)`,
    'bit.lua': `return 'own bit'`,
  });
  expect(lines).toEqual(['own bit\t1', 'own\t1', 'own bit']);
});

test('bit is LuaJIT’s', async () => {
  const lines = await printed(`
    local function show(...) local t = {} for i = 1, select('#', ...) do t[i] = tostring((select(i, ...))) end print(table.concat(t, ' ')) end
    show(bit.tobit(0xffffffff), bit.tobit(0xffffffff + 1), bit.tobit(2^40 + 1234), bit.tobit(-1), bit.tobit('12'))
    show(bit.tobit(1.5), bit.tobit(2.5), bit.tobit(-1.5), bit.tobit(0.4))
    show(bit.tohex(1), bit.tohex(-1), bit.tohex(0xffffffff), bit.tohex(-1, 4), bit.tohex(0x21, 4), bit.tohex(0x87654321, -4))
    show(bit.bnot(0), bit.bnot(0x12345678), bit.bor(1, 2, 4, 8), bit.band(0x12345678, 0xff), bit.bxor(0xa5a5f0f0, 0xaa55ff00))
    show(bit.lshift(1, 0), bit.lshift(1, 8), bit.lshift(1, 40), bit.rshift(256, 8), bit.rshift(-256, 8))
    show(bit.arshift(256, 8), bit.arshift(-256, 8), bit.rol(0x12345678, 12), bit.ror(0x12345678, 12), bit.bswap(0x12345678))
    show(bit.bor(5), bit.band(7, 14, 12), bit.lshift(0x87654321, 12), bit.rshift(0x87654321, 12))
    show(pcall(bit.band)) show(pcall(bit.band, 1, {})) show(pcall(bit.lshift, 1))`);
  expect(lines.slice(0, 7)).toEqual([
    '-1 0 1234 -1 12',
    '2 2 -2 0',
    '00000001 ffffffff ffffffff ffff 0021 4321',
    '-1 -305419897 15 120 267390960',
    '1 256 256 1 16777215',
    '1 -1 1164411171 1736516421 2018915346',
    '5 4 1412567040 554580',
  ]);
  expect(lines[7]).toContain("bad argument #1 to 'band' (number expected, got n");
  expect(lines[8]).toContain("bad argument #2 to 'band' (number expected, got table)");
  expect(lines[9]).toContain("bad argument #2 to 'lshift' (number expected, got n");
});

test('bit agrees with 32-bit arithmetic for any numbers', async () => {
  const vm = await sandboxed();
  const word = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ min: -1e9, max: 1e9, noNaN: true }));
  fc.assert(
    fc.property(word, word, fc.integer({ min: -100, max: 100 }), (a, b, n) => {
      const code = `return table.concat({ bit.tobit(${a}), bit.band(${a}, ${b}), bit.bor(${a}, ${b}),
        bit.bxor(${a}, ${b}), bit.bnot(${a}), bit.lshift(${a}, ${n}), bit.rshift(${a}, ${n}), bit.arshift(${a}, ${n}),
        bit.rol(${a}, ${n}), bit.ror(${a}, ${n}), bit.bswap(${a}), bit.tohex(${a}) }, ' ')`;
      expect(evaluate(vm, code)).toBe(model(a, b, n));
    }),
    { numRuns: 300 },
  );
});

function model(a: number, b: number, n: number): string {
  const [x, y, by] = [toInt32(a), toInt32(b), n & 31];
  const swapped = Buffer.alloc(4);
  swapped.writeInt32LE(x);
  const rotated = (left: number) => (x << left) | (left === 0 ? 0 : x >>> (32 - left));
  const words = [
    x,
    x & y,
    x | y,
    x ^ y,
    ~x,
    x << by,
    (x >>> by) | 0,
    x >> by,
    rotated(by),
    rotated((32 - by) & 31),
  ];
  return [...words, swapped.readInt32BE(), (x >>> 0).toString(16).padStart(8, '0')].join(' ');
}

/** Rounds to the nearest, halves to even, then takes the low 32 bits. */
function toInt32(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return Number(BigInt.asIntN(32, BigInt(floor + (up ? 1 : 0))));
}

async function sandboxed(): Promise<LuaVm> {
  const broken = (reason: string) => {
    throw new Error(reason);
  };
  const options = { version: LUA_VERSION, memory: 64 << 20 } as const;
  const vm = await LuaVm.create(new LuaEngines(), options, { enter() {}, leave() {}, error: broken, broken });
  const folder = temporaryFolder();
  installSandbox(vm, {
    stack: new Stack(vm),
    sources: { read: broken, exists: () => false, wrote: () => {} } as never,
    folders: { root: folder, folder, shown: 'www' },
    access: 'none',
    memory: 1e6,
    print: () => {},
    warn: () => {},
  });
  return vm;
}

function evaluate(vm: LuaVm, code: string): string | undefined {
  vm.compile(Buffer.from(code), '=test');
  vm.raw.pcall(vm.L, 0, 1, 0);
  const text = vm.bytes.text(vm.L, -1);
  vm.raw.settop(vm.L, 1);
  return text;
}

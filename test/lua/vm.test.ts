import { describe, expect, test } from 'vitest';
import { LuaError } from '../../src/lua/lua-error.js';
import { EXPORTS, MIB, machine } from './machine.js';

describe.each(EXPORTS)('over the %s exports', (_, direct) => {
  test.each([
    ['error("boom")', /^test: test\.lua:1: boom\nstack traceback:\n\s+test\.lua:1: in main chunk$/],
    ['\n\nlocal x = nil .. "a"', /^test: test\.lua:3: attempt to concatenate a nil value/],
    ['error("boom", 0)', /^test: boom\n/],
    ['error({ code = 1, text = "x" })', /^test: error object { code = 1, text = x }\n/],
    ['error(nil)', /^test: error object: nil\n/],
    ['error(setmetatable({}, { __tostring = function() return "mine" end }))', /^test: mine\n/],
    ['error(setmetatable({}, { __tostring = function() return {} end }))', /^test: error object { {2}}\n/],
    [
      'error(setmetatable({}, { __tostring = function() error("again") end }))',
      /^test: error object { {2}}\n/,
    ],
    ['error(setmetatable({}, { __index = error, __metatable = false }))', /^test: error object { {2}}\n/],
    ['error("\\0\\255")', /^test: test\.lua:1: \0\ufffd\n/],
    ['string.rep()', /^test: test\.lua:1: bad argument #1 to '(rep|\?)'/],
    ['local function f() return f() + 1 end f()', /stack overflow/],
    ['coroutine.wrap(function() error("inside") end)()', /inside/],
  ])('%s is reported once, with what was thrown and the frames of the script', async (script, message) => {
    // Lua's own limit of its stack needs more than 64 MiB.
    const { run, errors, vm } = await machine({ direct, memory: 256 * MIB });
    expect(run(script)).toBeUndefined();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(message);
    expect(errors[0]).not.toContain('[C]');
    expect(vm.raw.gettop(vm.raw.L)).toBe(1);
    expect(run('return "fine"')).toBe('fine');
  });

  test.each([
    ['x =', /^test\.lua:1: unexpected symbol near /],
    ['\n\n"', /^test\.lua:3: unfinished string/],
    ['goto nowhere', /^test\.lua:1: /],
    ['\x1bLua', /bytecode is refused/],
  ])('%j is not compiled, with file and line', async (source, message) => {
    const { vm } = await machine({ direct });
    expect(() => vm.compile(Buffer.from(source, 'latin1'), '@test.lua')).toThrow(message);
    expect(vm.raw.gettop(vm.raw.L)).toBe(1);
  });

  test('a first line with "#" and a byte order mark are passed over, the lines stay right', async () => {
    const { run, errors } = await machine({ direct });
    expect(run('#!/usr/bin/lua\nreturn "one"')).toBe('one');
    expect(run('\ufeffreturn "two"')).toBe('two');
    expect(run('\ufeff#!x\nreturn "three"')).toBe('three');
    run('#!/usr/bin/lua\nerror("here")');
    expect(errors[0]).toContain('test.lua:2: here');
  });

  test('three hundred host functions are called each as itself', async () => {
    const { vm, run } = await machine({ direct });
    vm.enter('setup');
    vm.raw.pushglobals(vm.L);
    for (let i = 0; i < 300; i++)
      vm.setFunction(`f${i}`, (L) => {
        vm.raw.pushnumber(L, i + vm.raw.tonumber(L, 1));
        return 1;
      });
    vm.leave();
    const wanted = Array.from({ length: 300 }, (_, i) => i + 1000).join(' ');
    expect(
      run(`local t = {} for i = 0, 299 do t[#t + 1] = ('%d'):format(_G['f' .. i](1000)) end
        return table.concat(t, ' ')`),
    ).toBe(wanted);
  });

  test('a LuaError of a host function is an error at its caller, which pcall catches', async () => {
    const { vm, run, errors } = await machine({ direct });
    vm.enter('setup');
    vm.raw.pushglobals(vm.L);
    vm.setFunction('refuse', () => {
      throw new LuaError('not today');
    });
    vm.setFunction('fail', () => {
      throw new Error('a defect');
    });
    vm.leave();
    expect(run('local ok, err = pcall(function() refuse() end) return tostring(ok) .. err')).toBe(
      'falsetest.lua:1: not today',
    );
    expect(run('return select(2, pcall(fail))')).toContain('internal error: a defect');
    expect(run('coroutine.wrap(function() refuse() end)()')).toBeUndefined();
    expect(errors[0]).toContain('not today');
  });

  test('a host function inside a coroutine works on the coroutine', async () => {
    const { vm, run } = await machine({ direct });
    vm.enter('setup');
    vm.raw.pushglobals(vm.L);
    vm.setFunction('twice', (L) => {
      expect(L).toBe(vm.L);
      vm.raw.pushnumber(L, vm.raw.tonumber(L, 1) * 2);
      return 1;
    });
    vm.leave();
    const script = `local co = coroutine.wrap(function(n) while true do n = coroutine.yield(twice(n)) end end)
      return ("%d %d %d"):format(co(1), twice(10), co(4))`;
    expect(run(script)).toBe('2 20 8');
    expect(vm.L).toBe(vm.raw.L);
  });

  test('enter and leave are told for the outermost entry only', async () => {
    const { vm, entries } = await machine({ direct });
    vm.enter('outer');
    vm.enter('inner');
    expect([vm.activity, vm.entry, vm.depth]).toEqual(['inner', 'outer', 2]);
    vm.leave();
    vm.leave();
    expect(entries).toEqual(['enter', 'leave']);
    expect([vm.activity, vm.entry, vm.depth]).toEqual(['', '', 0]);
  });

  test('more memory than the limit is an error of the script, and the machine goes on', async () => {
    const { run, errors } = await machine({ direct, memory: 32 * MIB });
    run('local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1048576) .. i end');
    expect(errors).toEqual([expect.stringMatching(/^test: .*not enough memory/)]);
    run('local s = "x" while true do s = s .. s end');
    expect(errors[1]).toMatch(/not enough memory|too large|overflow/);
    expect(run('collectgarbage() return ("ok"):rep(3)')).toBe('okokok');
  });

  test('registry slots are used again', async () => {
    const { vm } = await machine({ direct });
    const [first, second] = [vm.registry.ref(), vm.registry.ref()];
    vm.registry.unref(first);
    expect(vm.registry.ref()).toBe(first);
    vm.registry.unref(first);
    vm.registry.unref(second);
    expect(new Set([vm.registry.ref(), vm.registry.ref()])).toEqual(new Set([first, second]));
  });

  test('a closed machine is not entered', async () => {
    const { vm, run, errors, entries } = await machine({ direct });
    vm.close();
    expect(vm.enter('late')).toBe(false);
    expect(run('return 1')).toBeUndefined();
    vm.registry.unref(5);
    expect([errors, entries]).toEqual([[], []]);
  });
});

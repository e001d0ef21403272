/** Long strings that Lua 5.4 has been given as blocks to fill in: nothing tells them from others. */
import { describe, expect, test } from 'vitest';
import { blankStrings } from '../../src/lua/blank-strings.js';
import type { RawLua } from '../../src/lua/engine/raw.js';
import { LUA_VERSION } from '../support/server.js';
import { EXPORTS, type Machine, machine } from './machine.js';

const SIZE = 70_000;

const BYTES = Buffer.from(Array.from({ length: SIZE }, (_, i) => (i * 7 + (i >> 8)) & 0xff));

/** No two of them are equal. */
function contents(number = 0): Buffer {
  const bytes = Buffer.from(BYTES);
  bytes.writeUInt32LE(number);
  return bytes;
}

/** Runs a script with the bytes as `...`. */
function runWith({ vm }: Machine, script: string, ...all: Buffer[]): string | undefined {
  vm.enter('test');
  try {
    vm.compile(Buffer.from(script), '@test.lua');
    for (const bytes of all) vm.bytes.push(vm.L, bytes);
    return vm.call(all.length, 1) ? vm.bytes.text(vm.L, -1) : undefined;
  } catch (error) {
    vm.fail(error);
    return undefined;
  } finally {
    vm.leave();
  }
}

function find({ raw }: Machine['vm'], changed: Partial<RawLua> = {}) {
  const changedRaw = { ...raw, ...changed };
  return blankStrings(changedRaw, raw.malloc(64), () => new Uint32Array(raw.heap().buffer));
}

describe.skipIf(LUA_VERSION === '5.1').each(EXPORTS)('over the %s exports', (_, direct) => {
  test('they are equal to, sorted as and found as those that Lua has made', async () => {
    const one = await machine({ direct });
    // So many that a wrong hash leads to another place.
    one.run('kept = {} for i = 1, 100 do kept["other" .. i] = true end');
    const script = `
      local s, different = ...
      local made = {}
      for i = 1, #s do made[i] = s:sub(i, i) end
      local same = table.concat(made)
      kept[s] = "found"
      assert(type(s) == "string" and s == same and not (s < same) and s ~= different)
      assert(#(s .. "!") == #s + 1 and (s .. "!"):sub(1, -2) == same)
      assert(s:byte(-1) == same:byte(-1) and s:find(same, 1, true) == 1)
      kept[different] = "other"
      return kept[same] .. " " .. kept[different]`;
    expect(runWith(one, script, contents(), contents(1))).toBe('found other');
    expect(one.errors).toEqual([]);
    expect(runWith(one, 'return kept[...]', contents())).toBe('found');
  });

  test('they end in a 0, as the numbers in them expect', async () => {
    const one = await machine({ direct });
    const number = Buffer.alloc(5000, ' ');
    number.write('12', 4998);
    // What was there before is not 0 all over.
    for (let i = 0; i < 20; i++) runWith(one, 'collectgarbage()', Buffer.alloc(5000, '7'));
    expect(runWith(one, 'return tonumber(...)', number)).toBe('12');
  });

  test('the collector takes them for strings, in both of its modes, and counts them to the byte', async () => {
    const one = await machine({ direct });
    const settled = () => Number(one.run('collectgarbage() collectgarbage() return collectgarbage("count")'));
    const keepSome = (mode: string) => {
      one.run(`collectgarbage("${mode}")`);
      for (let i = 0; i < 300; i++) runWith(one, `kept = kept or {} kept[${i % 7}] = ...`, contents(i));
      return one.run(`for i = 0, 6 do assert(#kept[i] == ${SIZE}) end return collectgarbage("incremental")`);
    };
    for (const mode of ['incremental', 'generational']) {
      keepSome(mode);
      one.run('kept = nil');
      const before = settled();
      expect(keepSome(mode)).toBe(mode);
      const perString = (settled() - before) / 7;
      expect(perString).toBeGreaterThan(SIZE / 1024);
      expect(perString).toBeLessThan(SIZE / 1024 + 0.1);
      one.run('kept = nil');
      expect(settled()).toBe(before);
    }
  });
});

test('one that does not fit is refused as any other', async () => {
  const one = await machine({ memory: 24 * 1_048_576 });
  one.run('kept = {}');
  for (let i = 0; i < 400; i++) runWith(one, 'kept[#kept + 1] = ...', contents(i));
  expect(new Set(one.errors)).toEqual(new Set(['test: not enough memory']));
  one.run(`for i = 1, #kept do assert(#kept[i] == ${SIZE}) end kept = nil`);
  expect(runWith(one, 'return #...', contents())).toBe(String(SIZE));
});

test('an engine that is laid out in another way has none', async () => {
  const { vm } = await machine();
  const { raw } = vm;
  expect(find(vm) !== undefined).toBe(raw.version === '5.4');
  if (raw.version === '5.1') return;
  const top = raw.gettop(raw.L);
  const others: Partial<RawLua>[] = [
    { newuserdata: (L, size) => raw.newuserdata(L, size + 8) },
    { newuserdata: (L, size) => raw.newuserdata(L, size) + 8 },
    { pushlstring: (L, p, length) => raw.pushlstring(L, p, length - 1) },
    { type: () => 7 },
    { rawequal: () => 0 },
  ];
  for (const changed of others) expect(find(vm, changed)).toBeUndefined();
  expect(raw.gettop(raw.L)).toBe(top);
});

/** Long strings that Lua has been given in the block that their bytes were in: nothing tells them from others. */
import { describe, expect, test } from 'vitest';
import { AdoptedStrings } from '../../src/lua/adopted-strings.js';
import type { ByteSource } from '../../src/lua/bytes.js';
import type { RawLua } from '../../src/lua/engine/raw.js';
import { LUA_VERSION } from '../support/server.js';
import { EXPORTS, type Machine, MIB, machine } from './machine.js';

const SIZE = 70_000;

const BYTES = Buffer.from(Array.from({ length: 2 * SIZE }, (_, i) => (i * 7 + (i >> 8)) & 0xff));

/** No two of them are equal. */
function contents(number = 0, size = SIZE): Buffer {
  const bytes = Buffer.from(BYTES.subarray(0, size));
  bytes.writeUInt32LE(number);
  return bytes;
}

/** Runs a script with the values that `push` pushes as `...`. */
function runWith({ vm }: Machine, script: string, push: () => number): string | undefined {
  vm.enter('test');
  try {
    vm.compile(Buffer.from(script), '@test.lua');
    return vm.call(push(), 1) ? vm.bytes.text(vm.L, -1) : undefined;
  } catch (error) {
    vm.fail(error);
    return undefined;
  } finally {
    vm.leave();
  }
}

/** Of strings from elsewhere. */
function runPushed(one: Machine, script: string, ...all: Buffer[]): string | undefined {
  const { vm } = one;
  return runWith(one, script, () => {
    for (const bytes of all) vm.bytes.push(vm.L, bytes);
    return all.length;
  });
}

function sourceOf(bytes: Uint8Array, room = 131_072): ByteSource {
  return {
    room,
    readInto(into) {
      into.set(bytes);
      return bytes.length;
    },
  };
}

/** Of a string that is read. */
function runRead(one: Machine, script: string, bytes: Buffer): string | undefined {
  const { vm } = one;
  return runWith(one, script, () => (vm.bytes.pushRead(vm.L, sourceOf(bytes)) === 0 ? 0 : 1));
}

/** How many of the strings that `run` makes are in the block that was reserved for them. */
async function adoptedOf(one: Machine, run: () => void): Promise<number> {
  const { lentBlock } = one.vm.raw;
  if (!lentBlock) return 0;
  const end = lentBlock.end.bind(lentBlock);
  let adopted = 0;
  lentBlock.end = () => {
    const taken = end();
    if (taken) adopted++;
    return taken;
  };
  run();
  lentBlock.end = end;
  return adopted;
}

describe.each(EXPORTS)('over the %s exports', (_, direct) => {
  test.each([
    ['pushed', runPushed],
    ['read', runRead],
  ])('those that are %s are equal to, sorted as and found as those that Lua has made', async (_, run) => {
    const one = await machine({ direct });
    // So many that a wrong hash leads to another place.
    one.run('kept = {} for i = 1, 100 do kept["other" .. i] = true end');
    const script = `
      local s = ...
      local made = {}
      for i = 1, #s do made[i] = s:sub(i, i) end
      local same = table.concat(made)
      assert(type(s) == "string" and s == same and not (s < same) and s ~= same .. "!")
      assert(#(s .. "!") == #s + 1 and (s .. "!"):sub(1, -2) == same)
      assert(s:byte(-1) == same:byte(-1) and s:find(same, 1, true) == 1)
      assert(kept[s] == kept[same])
      kept[s] = (kept[s] or 0) + 1
      return kept[same]`;
    expect(run(one, script, contents())).toBe('1');
    expect(run(one, script, contents())).toBe('2');
    expect(run(one, script, contents(1))).toBe('1');
    expect(one.errors).toEqual([]);
  });

  test('of every length around those at which something changes', async () => {
    const one = await machine({ direct });
    const lengths = [1, 100, 4095, 4096, 4097, 4098, 4099, 65_535, 65_536, 65_537, 131_069, 131_070, 131_071];
    let number = 1;
    for (const length of [...lengths, 131_072]) {
      const bytes = length < 4 ? Buffer.from('a') : contents(number++, length);
      expect(runRead(one, 'return ...', bytes)).toBe(bytes.toString());
      expect(runPushed(one, 'return ...', bytes)).toBe(bytes.toString());
    }
    expect(runRead(one, 'return select("#", ...)', Buffer.alloc(0))).toBe('0');
    expect(one.vm.raw.gettop(one.vm.L)).toBe(1);
    expect(one.errors).toEqual([]);
  });

  test('they end in a 0, as the numbers in them expect', async () => {
    const one = await machine({ direct });
    const number = Buffer.alloc(5000, ' ');
    number.write('12', 4998);
    // What was there before is not 0 all over.
    for (let i = 0; i < 20; i++) runPushed(one, 'collectgarbage()', Buffer.alloc(5000, '7'));
    expect(runPushed(one, 'return tonumber(...)', number)).toBe('12');
    for (let i = 0; i < 20; i++) runPushed(one, 'collectgarbage()', Buffer.alloc(131_072, '7'));
    expect(runRead(one, 'return tonumber(...)', number)).toBe('12');
  });

  test('the collector takes them for strings, and counts them to the byte', async () => {
    const one = await machine({ direct });
    const settled = () => Number(one.run('collectgarbage() collectgarbage() return collectgarbage("count")'));
    const modes = LUA_VERSION === '5.1' ? ['restart'] : ['incremental', 'generational'];
    const keepSome = (mode: string, run: typeof runRead) => {
      one.run(`collectgarbage("${mode}")`);
      for (let i = 0; i < 300; i++) run(one, `kept = kept or {} kept[${i % 7}] = ...`, contents(i));
      one.run(`for i = 0, 6 do assert(#kept[i] == ${SIZE}) end collectgarbage("${modes[0]}")`);
    };
    for (const mode of modes)
      for (const run of [runRead, runPushed]) {
        keepSome(mode, run);
        one.run('kept = nil');
        const before = settled();
        keepSome(mode, run);
        const perString = (settled() - before) / 7;
        expect(perString).toBeGreaterThan(SIZE / 1024);
        expect(perString).toBeLessThan(SIZE / 1024 + 0.1);
        one.run('kept = nil');
        expect(settled()).toBe(before);
      }
    expect(one.errors).toEqual([]);
  });

  test('nothing is left of strings that Lua has already, nor of reads without a byte', async () => {
    const one = await machine({ direct });
    const bytes = contents(0, 2 * SIZE).subarray(0, 131_000);
    const repeat = (times: number) => {
      for (let i = 0; i < times; i++) {
        runRead(one, 'kept = kept or ...', bytes);
        runPushed(one, 'kept = kept or ...', bytes);
        runRead(one, '', Buffer.alloc(0));
        runRead(one, '', Buffer.from('short'));
        one.run('collectgarbage()');
      }
    };
    repeat(20);
    const before = one.vm.raw.heap().length;
    repeat(200);
    expect(one.vm.raw.heap().length).toBe(before);
  });
});

test('they are made in the block that the bytes are in', async () => {
  const one = await machine();
  const adopted = await adoptedOf(one, () => {
    for (let i = 0; i < 40; i++) {
      runRead(one, '', contents(i));
      runPushed(one, '', contents(i + 100));
    }
  });
  // In 5.1 the collector may be at work, which comes first.
  expect(adopted).toBeGreaterThan(60);
});

test('in 5.1 those of whole words, with all that belongs to them, are not', async () => {
  const one = await machine();
  const adopted = await adoptedOf(one, () => {
    for (let i = 0; i < 40; i++) runPushed(one, '', contents(i, 8192 - 17));
  });
  expect(adopted > 0).toBe(LUA_VERSION === '5.4');
});

test('one that does not fit is refused as any other, and the next one fits', async () => {
  const one = await machine({ memory: 24 * MIB });
  one.run('kept = {}');
  for (let i = 0; i < 400; i++) runPushed(one, 'kept[#kept + 1] = ...', contents(i));
  expect(new Set(one.errors)).toEqual(new Set(['test: not enough memory']));
  one.run(`for i = 1, #kept do assert(#kept[i] == ${SIZE}) end kept = nil`);
  expect(runPushed(one, 'return #...', contents())).toBe(String(SIZE));
});

test('a long one is made beside garbage that has to be collected first', async () => {
  for (const [live, size] of [
    [10, 1],
    [16, 8],
    [24, 3],
  ] as const) {
    const one = await machine();
    one.run(`kept = {} for i = 1, ${live} do kept[i] = ("x"):rep(${MIB - 100}) .. i end`);
    const bytes = Buffer.alloc(size * MIB, 'a');
    let made = 0;
    for (let i = 0; i < 30; i++) {
      bytes.writeUInt32BE(i, bytes.length - 4);
      if (runPushed(one, 'return #...', bytes) === String(bytes.length)) made++;
    }
    // 5.1 never collects when it has no memory, and does after the entry in which it had none.
    expect(made).toBeGreaterThan(LUA_VERSION === '5.1' ? 15 : 29);
  }
});

test('those that are as long as there was room for leave no holes', async () => {
  const heaps: number[] = [];
  for (const run of ['pushed', 'read']) {
    const one = await machine();
    const { vm } = one;
    for (let i = 0; i < 500; i++) {
      const bytes = contents(i, 65_536);
      const push = () => {
        if (run === 'pushed') vm.bytes.push(vm.L, bytes);
        else vm.bytes.pushRead(vm.L, sourceOf(bytes, 65_536));
        return 1;
      };
      runWith(
        one,
        `kept = kept or {} kept[${i}] = ... kept[${i - 41}] = ${i % 2 === 0 ? 'nil' : `kept[${i - 41}]`}`,
        push,
      );
    }
    expect(one.errors).toEqual([]);
    heaps.push(vm.raw.heap().length / MIB);
  }
  expect(heaps[1]).toBeLessThan((heaps[0] ?? 0) * 1.25);
});

test('a finalizer that makes one while another is made harms neither', async () => {
  const one = await machine();
  const { vm } = one;
  const inner = Buffer.alloc(9000, 'i');
  let finalized = 0;
  one.run('n = 1');
  vm.onCycle = (L) => {
    finalized++;
    vm.bytes.push(L, inner);
    vm.raw.settop(L, -2);
  };
  for (let i = 0; i < 2000; i++) {
    const bytes = contents(i, 65_536);
    const script = 'kept = kept or {} kept[n] = ... n = n % 8 + 1 return (...):sub(-8)';
    bytes.write(String(i).padStart(8, '0'), bytes.length - 8);
    expect(runPushed(one, script, bytes)).toBe(String(i).padStart(8, '0'));
  }
  const last = one.run('local t = {} for i = 1, 8 do t[i] = kept[i]:sub(-8) end return table.concat(t, " ")');
  expect(last).toMatch(/^(0000199\d ?){8}$/);
  expect(finalized).toBeGreaterThan(10);
  expect(one.errors).toEqual([]);
});

test('what there is no memory for is not read, and is when the collector has been there', async () => {
  const one = await machine({ memory: 24 * MIB });
  one.run('kept = {}');
  let declined = 0;
  for (let i = 0; i < 400; i++)
    if (runRead(one, 'kept[#kept + 1] = ... return select("#", ...)', contents(i)) === '0') declined++;
  expect(declined).toBeGreaterThan(10);
  expect(one.errors).toEqual([]);
  one.run(`for i = 1, #kept do assert(#kept[i] == ${SIZE}) end kept = nil collectgarbage()`);
  expect(runRead(one, 'return #...', contents())).toBe(String(SIZE));
});

test('an engine that puts strings elsewhere has none', async () => {
  const { vm } = await machine();
  const { raw } = vm;
  const top = raw.gettop(raw.L);
  const lent = raw.lentBlock as NonNullable<RawLua['lentBlock']>;
  const find = (changed: Partial<RawLua> = {}) => AdoptedStrings.of({ ...raw, ...changed });
  expect(find()).toBeDefined();
  const others: Partial<RawLua>[] = [
    { lentBlock: undefined },
    // Not asked for, or asked for another size: Lua takes memory of its own.
    { lentBlock: { lend: () => {}, end: () => false } },
    { lentBlock: { lend: (block, size) => lent.lend(block, size + 8), end: () => lent.end() } },
    { malloc: () => 0 },
  ];
  for (const changed of others) expect(find(changed)).toBeUndefined();
  expect((await machine({ direct: false })).vm.raw.lentBlock).toBeUndefined();
  expect(raw.gettop(raw.L)).toBe(top);
});

test('one that is read takes as much memory as it needs', async () => {
  const one = await machine();
  const before = one.vm.raw.heap().length;
  for (let i = 0; i < 1000; i++) runRead(one, 'kept = kept or {} kept[#kept + 1] = ...', contents(i, 5000));
  expect(one.run('return #kept')).toBe('1000');
  expect(one.vm.raw.heap().length - before).toBeLessThan(9 * MIB);
});

test('a block that is not taken stays ours, also when an error is in the way', async () => {
  const one = await machine();
  const { raw } = one.vm;
  const lent = raw.lentBlock as NonNullable<RawLua['lentBlock']>;
  const block = raw.malloc(101);
  lent.lend(block, 101);
  expect(lent.end()).toBe(false);
  // Of just that size, afterwards.
  raw.pushlstring(raw.L, block, 84);
  expect(raw.tolstring(raw.L, -1, 0)).not.toBe(block + 16);
  raw.settop(raw.L, -2);
  lent.lend(block, 100);
  // Another request: passed on, and everything after it.
  expect(one.run('local t = {} for i = 1, 1000 do t[i] = {i} end return #t')).toBe('1000');
  expect(lent.end()).toBe(false);
  raw.free(block);
  const failing = AdoptedStrings.of({
    ...raw,
    pushlstring(L, p, length) {
      if (length > 5000) throw new Error('no memory');
      raw.pushlstring(L, p, length);
    },
  });
  const address = failing?.reserve(6000) ?? 0;
  expect(() => failing?.push(raw.L, address, 6000)).toThrow('no memory');
  // The allocator is Lua's own again.
  expect(one.run('return #("x"):rep(6000)')).toBe('6000');
});

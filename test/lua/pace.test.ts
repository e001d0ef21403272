/** When the garbage collector begins, on both engines. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LUA_VERSION } from '../support/server.js';
import { type Machine, MIB, machine } from './machine.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const MESSAGE = Buffer.alloc(65_536, 'x');
let count = 0;

/**
 * Entries that leave 64 KiB of garbage each, until the collector has been through `cycles` times.
 * @param apart milliseconds between two cycles
 */
function litter({ vm }: Machine, cycles: number, apart = 0): number {
  let ended = 0;
  let entries = 0;
  vm.onCycle = () => {
    ended++;
    vi.advanceTimersByTime(apart);
  };
  while (ended < cycles) {
    if (++entries > 5000) throw new Error(`${ended} cycles in ${entries} entries`);
    // 5.1 keeps equal strings once.
    MESSAGE.writeUInt32LE(count++);
    vm.enter('test');
    vm.bytes.push(vm.L, MESSAGE);
    vm.leave();
  }
  return entries;
}

const keep = (size: number) => `kept = {} for i = 1, ${size / 100} do kept[i] = {} end`;

describe.skipIf(LUA_VERSION === '5.1')('where cycles follow each other', () => {
  test('the next waits for 1.5 MiB, and no longer when they do not', async () => {
    const one = await machine();
    litter(one, 3, 300);
    const early = litter(one, 20, 300);
    litter(one, 3);
    const late = litter(one, 20);
    expect(late).toBeGreaterThan(1.5 * early);
    expect((late / 20) * MESSAGE.length).toBeGreaterThan(1.2 * MIB);
    expect((late / 20) * MESSAGE.length).toBeLessThan(2 * MIB);
    litter(one, 3, 300);
    expect(litter(one, 20, 300)).toBeLessThan(1.2 * early);
  });

  test('a heap that holds more than that is collected when it has doubled, as ever', async () => {
    const one = await machine();
    one.run(keep(2 * MIB));
    litter(one, 3, 300);
    const early = litter(one, 5, 300);
    expect(litter(one, 5)).toBeLessThan(1.2 * early);
  });
});

test('what a script has set stays, and nothing else is to be seen', async () => {
  const one = await machine();
  litter(one, 10);
  expect(one.run('return collectgarbage("setpause", 152)')).toBe('200');
  litter(one, 10);
  litter(one, 3, 2000);
  expect(one.run('return collectgarbage("setpause", 200)')).toBe('152');
});

test('a long entry after many messages has as much memory as any other', async () => {
  const job = `kept = {} for i = 1, 300000 do kept[i] = { i } for j = 1, 6 do local t = { j } end end`;
  for (const memory of [48 * MIB, 64 * MIB]) {
    const [fresh, busy] = [await machine({ memory }), await machine({ memory })];
    litter(busy, 30);
    for (const each of [fresh, busy]) each.run(job);
    expect(busy.errors).toEqual(fresh.errors);
    expect(busy.vm.raw.heap().length).toBeLessThan(fresh.vm.raw.heap().length + 8 * MIB);
  }
});

test('long strings do not outrun the collector beside a large heap', async () => {
  const one = await machine({ memory: 128 * MIB });
  one.run(keep(24 * MIB));
  const before = one.vm.raw.heap().length;
  litter(one, 4);
  expect(one.vm.raw.heap().length).toBeLessThan(3.5 * before);
  expect(one.errors).toEqual([]);
});

test.runIf(LUA_VERSION === '5.1')(
  'steps of 5.1 are larger beside a large heap only, and as a script has set them',
  async () => {
    const step = 'return collectgarbage("setstepmul", 200)';
    const [small, large, own] = [await machine(), await machine(), await machine()];
    litter(small, 5);
    for (const each of [large, own]) {
      if (each === own) each.run('collectgarbage("setstepmul", 300)');
      each.run(keep(24 * MIB));
    }
    expect([small, large, own].map(({ run }) => run(step))).toEqual(['200', '5000', '300']);
  },
);

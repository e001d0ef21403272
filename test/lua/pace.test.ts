/** When the garbage collector begins, on both engines. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LUA_VERSION } from '../support/server.js';
import { type Machine, MIB, machine } from './machine.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const MESSAGE = Buffer.alloc(65_536, 'x');
let count = 0;

/**
 * Entries that leave 64 KiB of garbage each, or as much as `message` has, until the collector has been through `cycles`
 * times.
 * @param apart milliseconds between two cycles
 */
function litter(one: Machine, cycles: number, apart = 0, message = MESSAGE): number {
  let ended = 0;
  let entries = 0;
  one.vm.onCycle = () => {
    ended++;
    vi.advanceTimersByTime(apart);
  };
  while (ended < cycles) {
    if (++entries > 50_000) throw new Error(`${ended} cycles in ${entries} entries`);
    receive(one, message);
  }
  return entries;
}

/** Another one each time: 5.1 keeps equal strings once. */
function receive({ vm }: Machine, message: Buffer): void {
  message.writeUInt32LE(count++);
  vm.enter('test');
  vm.bytes.push(vm.L, message);
  vm.leave();
}

const keep = (size: number) => `kept = {} for i = 1, ${size / 100} do kept[i] = {} end`;

describe('where cycles follow each other', () => {
  test('the next waits for 4 MiB, and no longer when they do not', async () => {
    const one = await machine();
    litter(one, 3, 300);
    const early = litter(one, 20, 300);
    litter(one, 3);
    const late = litter(one, 20);
    expect(late).toBeGreaterThan(1.5 * early);
    expect((late / 20) * MESSAGE.length).toBeGreaterThan(3.5 * MIB);
    expect((late / 20) * MESSAGE.length).toBeLessThan(5 * MIB);
    litter(one, 3, 300);
    expect(litter(one, 20, 300)).toBeLessThan(1.2 * early);
  });

  test('a heap that holds more than that is collected when it has doubled, as ever', async () => {
    const one = await machine();
    one.run(keep(12 * MIB));
    litter(one, 3, 300);
    const early = litter(one, 5, 300);
    expect(litter(one, 5)).toBeLessThan(1.2 * early);
  });
});

test.runIf(LUA_VERSION === '5.4')('what many entries have made waits for 1.5 MiB', async () => {
  const one = await machine();
  const message = Buffer.alloc(1000, 'x');
  litter(one, 3, 0, message);
  const late = (litter(one, 20, 0, message) / 20) * 1024;
  expect(late).toBeGreaterThan(1.2 * MIB);
  expect(late).toBeLessThan(2 * MIB);
});

test.runIf(LUA_VERSION === '5.1')(
  'short strings of 5.1, which has a table of all, are collected as ever',
  async () => {
    const one = await machine();
    const message = Buffer.alloc(64, 'x');
    litter(one, 3, 300, message);
    const early = litter(one, 10, 300, message);
    litter(one, 3, 0, message);
    expect(litter(one, 10, 0, message)).toBeLessThan(1.2 * early);
    // After long ones, too, of which fewer fit into what is waited for.
    litter(one, 5);
    expect(litter(one, 1, 0, message)).toBeLessThan(1000);
    litter(one, 3, 0, message);
    expect(litter(one, 10, 0, message)).toBeLessThan(1.5 * early);
  },
);

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

test('a script that needs half of its memory loses no message to its garbage', async () => {
  const one = await machine({ memory: 96 * MIB });
  one.run('kept = {} for i = 1, 64 do kept[i] = {} for j = 1, 9000 do kept[i][j] = { j } end end');
  one.run('collectgarbage()');
  expect(one.vm.raw.heap().length).toBeGreaterThan(48 * MIB);
  const short = Buffer.alloc(1000, 'x');
  for (let i = 0; i < 2000; i++) receive(one, MESSAGE);
  for (let i = 0; i < 20_000; i++) receive(one, short);
});

test.runIf(LUA_VERSION === '5.1')('5.1 makes steps of 50 KiB, or as a script has set them', async () => {
  const one = await machine();
  const set = (size: number) => one.run(`return collectgarbage("setstepmul", ${size})`);
  litter(one, 5);
  expect(set(300)).toBe('5000');
  litter(one, 30);
  one.run(keep(24 * MIB));
  expect(set(200)).toBe('300');
});

test('a pause that a script sets in an entry in which a cycle has ended stays', async () => {
  const one = await machine();
  litter(one, 10);
  const cycle = 'for i = 1, 100000 do local t = { {}, {} } end';
  for (let i = 0; i < 3; i++) one.run(cycle);
  expect(one.run(`${cycle} ${cycle} return collectgarbage("setpause", 172)`)).toMatch(/^\d+$/);
  for (let i = 0; i < 3; i++) one.run(cycle);
  expect(one.run('return collectgarbage("setpause", 200)')).toBe('172');
  one.run(cycle);
  expect(one.run('return collectgarbage("setpause", 200)')).toBe('200');
});

/** How long the garbage collector waits, on both engines. */
import { afterEach, expect, test, vi } from 'vitest';
import { type Machine, MIB, machine } from './machine.js';

afterEach(() => vi.useRealTimers());

const MESSAGE = Buffer.alloc(65_536, 'x');
let count = 0;

/** Entries that leave 64 KiB of garbage each, until the collector has been through `cycles` times. */
function litter({ vm }: Machine, cycles: number): number {
  let ended = 0;
  let entries = 0;
  vm.onCycle = () => void ended++;
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

/** Asking sets it. */
const pause = (run: Machine['run']) => Number(run('return collectgarbage("setpause", 200)'));

test('a machine that collects all the time waits longer, for some hundred KiB', async () => {
  const one = await machine();
  one.run(keep(100_000));
  const quiet = await machine();
  quiet.run(`collectgarbage("setpause", 204) ${keep(100_000)}`);
  for (const each of [one, quiet]) litter(each, 5);
  const longer = litter(one, 20);
  expect(longer).toBeGreaterThan(1.5 * litter(quiet, 20));
  expect((longer / 20) * MESSAGE.length).toBeLessThan(MIB);
  expect(pause(one.run)).toBeGreaterThan(400);
});

test('when it is quiet again it collects as early as before', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const one = await machine();
  litter(one, 5);
  for (let i = 0; i < 3; i++) {
    vi.advanceTimersByTime(2000);
    litter(one, 1);
  }
  expect(pause(one.run)).toBe(200);
});

test('between often and seldom nothing changes', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const one = await machine();
  for (let i = 0; i < 5; i++) {
    vi.advanceTimersByTime(300);
    litter(one, 1);
  }
  expect(pause(one.run)).toBe(200);
});

test('a pause that the script has set is kept, before and after', async () => {
  const before = await machine();
  before.run('collectgarbage("setpause", 152)');
  litter(before, 30);
  expect(pause(before.run)).toBe(152);

  vi.useFakeTimers({ toFake: ['performance'] });
  const after = await machine();
  litter(after, 10);
  expect(Number(after.run('return collectgarbage("setpause", 152)'))).toBeGreaterThan(400);
  for (let i = 0; i < 3; i++) {
    vi.advanceTimersByTime(2000);
    litter(after, 1);
  }
  litter(after, 5);
  expect(pause(after.run)).toBe(152);
});

test('a heap that holds more than that is collected when it has doubled, as ever', async () => {
  const one = await machine();
  one.run(keep(4 * MIB));
  litter(one, 4);
  expect(pause(one.run)).toBe(200);
});

test('long strings do not outrun the collector beside a large heap', async () => {
  const one = await machine({ memory: 128 * MIB });
  one.run(keep(24 * MIB));
  const before = one.vm.raw.heap().length;
  litter(one, 4);
  expect(one.vm.raw.heap().length).toBeLessThan(3.5 * before);
  expect(one.errors).toEqual([]);
});

import { afterEach, expect, test, vi } from 'vitest';
import { LuaEngines } from '../../../src/lua/engine/engine.js';
import { LuaError } from '../../../src/lua/lua-error.js';
import { Exchange } from '../../../src/lua/tree/exchange.js';
import { Peer } from '../../../src/lua/tree/peer.js';
import type { Outside, Target } from '../../../src/lua/tree/target.js';
import { LuaVm, type VmEvents } from '../../../src/lua/vm.js';
import { LUA_VERSION } from '../../support/server.js';

/** Two VMs, "one" above "two", without applications. */
class Machine implements VmEvents, Outside, Target {
  readonly title: string;
  readonly id: number;
  readonly kind = 'table';
  readonly errors: string[] = [];
  readonly parent: Machine | undefined;
  #peer: Peer | undefined;
  #vm: LuaVm | undefined;

  private constructor(title: string, id: number, parent?: Machine) {
    this.title = title;
    this.id = id;
    this.parent = parent;
  }

  static async create(
    title: string,
    exchange: Exchange,
    direct: boolean,
    parent?: Machine,
  ): Promise<Machine> {
    const machine = new Machine(title, exchange.newId(), parent);
    const options = { version: LUA_VERSION, memory: 128 * 1_048_576, name: title, direct } as const;
    machine.#vm = await LuaVm.create(new LuaEngines(), options, machine);
    machine.#peer = new Peer(machine.#vm, exchange, machine);
    return machine;
  }

  get peer(): Peer {
    if (!this.#peer) throw new Error('no peer');
    return this.#peer;
  }

  get vm(): LuaVm {
    if (!this.#vm) throw new Error('no VM');
    return this.#vm;
  }

  get self(): Target {
    return this;
  }

  /** Runs a chunk; its first result as text. */
  run(source: string): string | undefined {
    const { vm } = this;
    if (!vm.enter('test')) throw new Error('cannot be entered');
    try {
      vm.compile(Buffer.from(source), `@${this.title}.lua`);
      if (!vm.call(0, 1)) throw new Error(this.errors.at(-1));
      return vm.bytes.text(vm.L, -1);
    } catch (error) {
      if (error instanceof RangeError) vm.fail(error);
      throw error;
    } finally {
      vm.leave();
    }
  }

  enter(): void {}
  leave(): void {}
  broken(reason: string): void {
    this.errors.push(`broken: ${reason}`);
  }
  error(_activity: string, message: string): void {
    this.errors.push(message);
  }
  named(name: string): Target | undefined {
    return name === 'super' ? this.parent : undefined;
  }
  above(): Peer | undefined {
    return this.parent?.peer;
  }
  ended(): string {
    return `${this.title} has ended`;
  }
  home(): Peer {
    this.peer.checkAlive();
    return this.peer;
  }
  livesIn(peer: Peer): boolean {
    return this.#peer === peer;
  }
  push(vm: LuaVm): void {
    vm.raw.pushglobals(vm.L);
  }
  retain(): void {}
  release(): void {}
}

let made: Machine[] = [];

afterEach(() => {
  vi.useRealTimers();
  for (const { peer, vm } of made) {
    peer.close();
    vm.close();
  }
  made = [];
});

async function pair(direct = true): Promise<[Machine, Machine]> {
  const exchange = new Exchange();
  const one = await Machine.create('one', exchange, direct);
  const two = await Machine.create('two', exchange, direct, one);
  made = [one, two];
  return [one, two];
}

const COLLECT = 'for _ = 1, 4 do collectgarbage() end';

test('proxies that were collected release what they stood for', async () => {
  const [one, two] = await pair();
  one.run('function make() return {}, function() end end');
  const refs = one.vm.registry.size;
  two.run('for i = 1, 1000 do local t, f = make() t.x = f end');
  two.run(COLLECT);
  // The function `make` is not in use any more, either.
  expect(two.peer.imports.count).toBeLessThanOrEqual(1);
  expect(one.peer.exportCount).toBe(two.peer.imports.count);
  expect(one.vm.registry.size - refs).toBe(one.peer.exportCount);
});

test('what is in use stays, and is the same after collections on both sides', async () => {
  const [one, two] = await pair();
  one.run('function make() return { name = "kept" } end');
  two.run('kept = make() other = make()');
  one.run(COLLECT);
  two.run(COLLECT);
  expect(two.run('return kept.name')).toBe('kept');
  expect(two.run('other = nil kept = nil')).toBeUndefined();
  two.run(COLLECT);
  expect(one.peer.exportCount).toBe(0);
});

test.each([
  ['calls', 'f(i, "text")', 200_000],
  ['proxies of tables', 'local t = make() t[1] = i', 50_000],
  ['tables that are passed', 'f({ i })', 50_000],
  ['functions that are passed', 'call(function() return i end)', 50_000],
])('%s leave nothing behind: memory is flat on both sides', async (_, work, count) => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const [one, two] = await pair();
  // So far apart no cycle of the collector is put off.
  for (const { vm } of [one, two]) vm.onCycle = () => void vi.advanceTimersByTime(1000);
  one.run(
    'function f(a) return a end function make() return { ("x"):rep(1000) } end function call(g) return g() end',
  );
  const used = () =>
    [one, two].map((machine) => Number(machine.run(`${COLLECT} return collectgarbage('count')`)));
  const round = (times: number) => two.run(`for i = 1, ${times} do ${work} end`);
  round(count / 5);
  const before = used();
  const tables = [one, two].map(({ peer }) => peer.exportCount + peer.imports.count);
  const heap = [one, two].map(({ vm }) => vm.raw.heap().length);
  round(count);
  expect([one, two].map(({ vm }, i) => vm.raw.heap().length - (heap[i] ?? 0))).toEqual([0, 0]);
  for (const [i, kib] of used().entries()) expect(kib - (before[i] ?? 0)).toBeLessThan(64);
  for (const [i, { peer }] of [one, two].entries())
    expect(peer.exportCount + peer.imports.count).toBeLessThanOrEqual(tables[i] ?? 0);
});

test('a VM that has ended raises its reason, also for what came from it before; its own values come home', async () => {
  const [one, two] = await pair();
  one.run('function f() return 1 end t = { 1 }');
  two.run('g, u = f, t');
  one.peer.end();
  for (const use of ['g()', 'return u.x', 'u.x = 1', 'return #u', 'return super.t']) {
    expect(() => two.run(use)).toThrow(/^two.lua:1: one has ended/);
  }
  expect(two.run('return type(nobody)')).toBe('nil');
});

test('a VM that is closed lets go of what it had of others', async () => {
  const [one, two] = await pair();
  one.run('t = {} function f() end');
  two.run('a, b = t, f');
  expect(one.peer.exportCount).toBe(2);
  two.peer.close();
  expect(one.peer.exportCount).toBe(0);
  expect(() => two.peer.vm).toThrow(LuaError);
});

test('through wasmoon’s wrapped exports it works the same', async () => {
  const [one, two] = await pair(false);
  one.run(
    't = { 1, 2, name = "n" } function f(a, g) return g(a) .. t.name end function fail() error("boom") end',
  );
  expect(two.run('return f("x", function(s) return s .. s end) .. #t')).toBe('xxn2');
  expect(two.run('return select(2, pcall(fail))')).toBe('one.lua:1: boom');
  expect(() => two.run('fail()')).toThrow(
    /one.lua:1: boom[\s\S]*\(application one, called by two\)[\s\S]*two.lua:1: in main/,
  );
  two.run(COLLECT);
});

test('a machine that breaks while another calls it is an error there', async () => {
  const [one, two] = await pair();
  const trap = () => {
    throw new RangeError('Maximum call stack size exceeded');
  };
  one.vm.raw.pushglobals(one.vm.L);
  one.vm.setFunction('trap', trap);
  one.vm.raw.settop(one.vm.L, -2);
  expect(two.run('return select(2, pcall(function() super.trap() end))')).toBe(
    'two.lua:1: application one broke: Maximum call stack size exceeded',
  );
  expect(one.errors).toEqual([expect.stringMatching(/^broken: .*Maximum call stack size exceeded$/)]);
  expect(two.run('return select(2, pcall(function() return super.x end))')).toBe('two.lua:1: one has ended');
});

test('a machine that breaks while it waits for another runs no further', async () => {
  const [one, two] = await pair();
  const trap = () => {
    throw new RangeError('Maximum call stack size exceeded');
  };
  two.vm.raw.pushglobals(two.vm.L);
  two.vm.setFunction('trap', trap);
  two.vm.raw.settop(two.vm.L, -2);
  one.run('function call(f) return pcall(f) end');
  expect(() => two.run('pcall(call, function() trap() end) went_on = true')).toThrow(RangeError);
  expect(two.errors).toEqual([expect.stringMatching(/^broken: .*Maximum call stack size exceeded$/)]);
  expect(two.vm.usable).toBe(false);
  expect(one.run('return 1 + 1')).toBe('2');
});

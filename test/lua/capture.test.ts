/**
 * The contract with the two wasmoon packages: their instances can be caught and their imports changed. When one of
 * these fails after an update of a package, the server still runs, over the wrapped exports, and more slowly.
 */
import { expect, test } from 'vitest';
import { Capture } from '../../src/lua/engine/capture.js';
import { glue51 } from '../../src/lua/engine/engine51.js';
import { glue54 } from '../../src/lua/engine/engine54.js';
import { collectGarbage } from '../support/garbage.js';
import { engines, MIB, machine } from './machine.js';

const GLUES = [
  ['5.4', glue54],
  ['5.1', glue51],
] as const;

test.each(GLUES)(
  'the exports of Lua %s are caught, and the import of the heap growth can be replaced',
  async (_, glue) => {
    const original = WebAssembly.instantiate;
    let asked = 0;
    const { result, exports } = await new Capture().run<object>(glue, (imports) => {
      imports['env'] = { ...imports['env'], emscripten_resize_heap: () => asked++ && false };
    });
    expect(WebAssembly.instantiate).toBe(original);
    expect(result).toHaveProperty('module');
    expect(typeof exports?.['lua_pushlstring']).toBe('function');
    expect(exports?.['malloc']?.(1 << 30)).toBe(0);
    expect(asked).toBeGreaterThan(0);
  },
);

test.each(GLUES)('two instances of Lua %s have a heap each', async (_, glue) => {
  const capture = new Capture();
  const [one, two] = await Promise.all([
    capture.run<object>(glue, () => {}),
    capture.run<object>(glue, () => {}),
  ]);
  expect(one.exports?.memory).toBeInstanceOf(WebAssembly.Memory);
  expect(one.exports?.memory.buffer).not.toBe(two.exports?.memory.buffer);
});

test('what makes no instance gives no exports, and other instances pass through', async () => {
  const empty = Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
  const { result, exports } = await new Capture().run(
    async () => {
      const other = (await WebAssembly.instantiate(empty as never, {})) as unknown as { instance: object };
      return other.instance;
    },
    () => {
      throw new Error('not Lua');
    },
  );
  expect(result).toBeInstanceOf(WebAssembly.Instance);
  expect(exports).toBeUndefined();
});

test('a failure leaves WebAssembly.instantiate as it was, and the next capture works', async () => {
  const original = WebAssembly.instantiate;
  const capture = new Capture();
  await expect(
    capture.run(
      () => Promise.reject(new Error('no file')),
      () => {},
    ),
  ).rejects.toThrow('no file');
  expect(WebAssembly.instantiate).toBe(original);
  expect((await capture.run<object>(glue54, () => {})).exports).toBeDefined();
});

test.each(['5.4', '5.1'] as const)('Lua %s says which exports it uses', async (version) => {
  const direct = await engines.create(version, { memory: 64 * MIB });
  const wrapped = await engines.create(version, { memory: 64 * MIB, direct: false });
  expect([direct.direct, wrapped.direct]).toEqual([true, false]);
});

test('scripts see the same over both kinds of exports', async () => {
  const script = `
    local parts = { _VERSION, 2 ^ 40, 7 / 2, ("%5.2f"):format(math.pi), #string.rep("x", 1e6) }
    for name in pairs(_G) do parts[#parts + 1] = name end
    table.sort(parts, function(a, b) return tostring(a) < tostring(b) end)
    return table.concat(parts, " ")`;
  const [real, wrapped] = [await machine({ direct: true }), await machine({ direct: false })];
  const seen = real.run(script);
  expect(seen).toContain('coroutine');
  expect(wrapped.run(script)).toBe(seen);
});

test.each(GLUES)('an instance of Lua %s that nobody uses any more is collected', async (_, glue) => {
  const globals = Object.getOwnPropertyNames(globalThis);
  const capture = new Capture();
  const caught: WeakRef<object>[] = [];
  // The first and the last are special: what the glue leaves on globalThis, the queue of captures.
  const make = async () => {
    const { exports } = await capture.run<object>(glue, () => {});
    caught.push(new WeakRef(exports ?? {}));
  };
  for (let i = 0; i < 3; i++) await make();
  expect(Object.getOwnPropertyNames(globalThis)).toEqual(globals);
  // Beside other tests the last one may be held a moment longer.
  for (let i = 0; i < 10 && caught.some((each) => each.deref()); i++) await collectGarbage();
  expect(caught.map((each) => each.deref() === undefined)).toEqual([true, true, true]);
});

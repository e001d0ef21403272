import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXPORTS, MIB, machine } from './machine.js';

const ALL = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

describe.each(EXPORTS)('over the %s exports', (_, direct) => {
  test('all byte values go in and come out, as bytes and as a binary string', async () => {
    const { vm } = await machine({ direct });
    const { L, bytes, raw } = vm;
    bytes.push(L, ALL);
    expect(Buffer.from(bytes.view(L, -1) ?? [])).toEqual(ALL);
    expect(bytes.binary(L, -1)).toBe(ALL.toString('latin1'));
    bytes.pushBinary(L, ALL.toString('latin1'));
    expect(raw.rawequal(L, -1, -2)).toBe(1);
  });

  test.each([0, 1, 31, 32, 33, 127, 128, 129, 65_535, 65_536, 131_071, 131_072, 131_073, 3 * MIB])(
    '%i bytes',
    async (size) => {
      const { vm } = await machine({ direct });
      const { L, bytes } = vm;
      const sent = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
      bytes.push(L, sent);
      expect(Buffer.from(bytes.view(L, -1) ?? []).equals(sent)).toBe(true);
      bytes.pushBinary(L, sent.toString('latin1'));
      expect(vm.raw.rawequal(L, -1, -2)).toBe(1);
    },
  );

  test('any text goes in as UTF-8 and comes out', async () => {
    const { vm } = await machine({ direct });
    const { L, bytes, raw } = vm;
    const anything = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(anything, (text) => {
        bytes.pushText(L, text);
        expect(bytes.text(L, -1)).toBe(text);
        expect(Buffer.from(bytes.view(L, -1) ?? []).toString()).toBe(text);
        raw.settop(L, 1);
      }),
    );
  });

  test('any bytes go in and come out', async () => {
    const { vm } = await machine({ direct });
    const { L, bytes, raw } = vm;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (sent) => {
        bytes.push(L, sent);
        expect(Uint8Array.from(bytes.view(L, -1) ?? [])).toEqual(sent);
        raw.settop(L, 1);
      }),
    );
  });

  test('a number is read as its text, what is neither is undefined', async () => {
    const { vm } = await machine({ direct });
    const { L, bytes, raw } = vm;
    raw.pushinteger(L, 42);
    expect(bytes.text(L, -1)).toBe('42');
    raw.pushnumber(L, 1.5);
    expect(Buffer.from(bytes.view(L, -1) ?? []).toString()).toBe('1.5');
    raw.createtable(L, 0, 0);
    expect([bytes.text(L, -1), bytes.binary(L, -1), bytes.view(L, -1)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('strings survive the growth of the heap, and a view taken after it is right', async () => {
    const { vm, run } = await machine({ direct });
    const { L, bytes } = vm;
    const kept = vm.registry.ref();
    bytes.push(L, ALL);
    vm.raw.refset(L, kept);
    expect(run('big = {} for i = 1, 30 do big[i] = ("x"):rep(1048576) .. i end return #big')).toBe('30');
    vm.raw.refget(L, kept);
    expect(Buffer.from(bytes.view(L, -1) ?? [])).toEqual(ALL);
    bytes.push(L, ALL);
    expect(vm.raw.rawequal(L, -1, -2)).toBe(1);
  });

  test('a name has one address', async () => {
    const { vm } = await machine({ direct });
    const address = vm.bytes.name('onReception');
    expect(vm.bytes.name('onReception')).toBe(address);
    expect(vm.bytes.name('onDisconnection')).not.toBe(address);
  });
});

test('a string is copied from one machine into another', async () => {
  const [from, to] = [(await machine()).vm, (await machine()).vm];
  for (const size of [0, 5, 128, 129, 70_000]) {
    const sent = Buffer.alloc(size, 0xab);
    from.bytes.push(from.L, sent);
    from.bytes.copy(from.L, -1, to.bytes, to.L);
    expect(Buffer.from(to.bytes.view(to.L, -1) ?? []).equals(sent)).toBe(true);
  }
});

import { describe, expect, it } from 'vitest';
import { AmfError, AmfOpaque, decodeAmf, MAX_DEPTH, MAX_MESSAGE_BYTES } from '../../src/lua/amf/index.js';
import type { LuaTable, LuaValue } from '../../src/lua/table.js';
import { encode, fromAMF, list, plain, table, toAMF, toAMF0 } from './amf-values.js';

function unsupportedIn(version: 0 | 3, value: LuaValue): { hex: string; names: string[] } {
  const names: string[] = [];
  const bytes = encode(version, [value], ((name: string) => names.push(name)) as never);
  return { hex: Buffer.from(bytes).toString('hex'), names };
}

function nested(levels: number, around: (inner: LuaValue) => LuaTable): LuaTable {
  let value = around(undefined);
  for (let i = 1; i < levels; i++) value = around(value);
  return value;
}

describe('toAMF', () => {
  it.each<[string, LuaValue, string]>([
    ['nil', undefined, '05'],
    ['true', true, '0101'],
    ['false', false, '0100'],
    ['5', 5, '110405'],
    ['-5', -5, '1104fffffffb'],
    ['1.5', 1.5, '003ff8000000000000'],
    ['"abc"', 'abc', '110607616263'],
    ['an empty string', '', '110601'],
    ['{1, 2, 3}', list(1, 2, 3), '11090701040104020403'],
    ['{a = 1}', table(['a', 1]), '110a0b010361040101'],
    ['{}', table(), '11090101'],
  ])('writes %s as the original does', (_, value, hex) => expect(toAMF(value)).toBe(hex));

  it.each<[number, string]>([
    [0, '110400'],
    [0x7f, '11047f'],
    [0x80, '11048100'],
    [0x3fff, '1104ff7f'],
    [0x4000, '1104818000'],
    [0x1fffff, '1104ffff7f'],
    [0x200000, '110480c08000'],
    [0xfffffff, '1104bfffffff'],
    [-0x10000000, '1104c0808000'],
    [0x10000000, '0041b0000000000000'],
    [-0x10000001, '00c1b0000001000000'],
    [Number.POSITIVE_INFINITY, '007ff0000000000000'],
  ])('writes %d as an integer within 29 bits, and else as a double', (value, hex) => {
    expect(toAMF(value)).toBe(hex);
  });

  it('writes nil, booleans and doubles inside a table as AMF3', () => {
    expect(toAMF(list(true, false, 1.5, undefined, -5))).toBe(
      '11090b0103 02 053ff8000000000000 01 04fffffffb'.replaceAll(' ', ''),
    );
  });

  it('shares strings and objects between all values of one call', () => {
    const shared = list(1);
    expect(toAMF('abc', 'abc', shared, shared, true, shared)).toBe(
      '110607616263 110600 110903010401 110900 0101 110900'.replaceAll(' ', ''),
    );
  });

  it('refers to names and values in one table of strings', () => {
    expect(toAMF(table(['a', 'a'], ['b', 'a']))).toBe('110a0b01036106000362060001');
  });

  it('writes an array with names before its elements', () => {
    expect(toAMF(table([1, 'x'], ['n', 2]))).toBe('11090303 6e0402 01 060378'.replaceAll(' ', ''));
  });

  it('fills few holes with null, and names elements that are far away by their index from 0', () => {
    expect(toAMF(table([1, 1], [3, 3]))).toBe('11090701040101 0403'.replaceAll(' ', ''));
    expect(toAMF(table([1, 1], [1000, 2]))).toBe('110903 07393939 0402 01 0401'.replaceAll(' ', ''));
  });

  it('writes the elements in the order of their index, whatever the order of the keys', () => {
    expect(toAMF(table([3, 3], [1, 1], [2, 2]))).toBe(toAMF(list(1, 2, 3)));
  });

  it('writes __type as the class of an object, also of an empty one', () => {
    expect(toAMF(table(['__type', 'C'], ['a', 1]))).toBe('110a0b03430361040101');
    expect(toAMF(table(['__type', 'C']))).toBe('110a0b034301');
    expect(toAMF(table(['__type', '']))).toBe('110a0b0101');
  });

  it('writes traits anew for each object, as the original does', () => {
    expect(toAMF(table(['__type', 'C']), table(['__type', 'C']))).toBe(
      '110a0b034301 110a0b0001'.replaceAll(' ', ''),
    );
  });

  it('writes __time as a date of whole milliseconds', () => {
    expect(toAMF(table(['__time', 1000.9], ['year', 1]))).toBe('110801408f400000000000');
    expect(toAMF(table(['__time', -0.5]))).toBe('1108010000000000000000');
  });

  it('writes __raw as a byte array', () => {
    expect(toAMF(table(['__raw', '\x00\xff\x80'], ['more', 1]))).toBe('110c0700ff80');
  });

  it('writes __size as a dictionary with keys of any type, counting the entries itself', () => {
    const key = list();
    expect(toAMF(table(['__size', 99], [1, 'x'], [true, 2], [key, key], ['gone', undefined]))).toBe(
      '111107000401060378030402 090101 0902'.replaceAll(' ', ''),
    );
  });

  it('prefers __raw to __time to __size to __type', () => {
    const all: [string, LuaValue][] = [
      ['__raw', 'x'],
      ['__time', 0],
      ['__size', 0],
      ['__type', 'C'],
    ];
    const markers = all.map((_, i) => toAMF(table(...all.slice(i))).slice(2, 4));
    expect(markers).toEqual(['0c', '08', '11', '0a']);
  });

  it('takes special fields of another type as ordinary ones, but never writes __type', () => {
    expect(toAMF(table(['__raw', true]))).toBe(toAMF(table(['__type', false], ['__raw', true])));
    expect(plain(fromAMF(toAMF(table(['__time', 'x'])))[0])).toEqual(new Map([['__time', 'x']]));
  });

  it('writes flex collections as the externalizable classes that they are', () => {
    const collection = table(['__type', 'flex.messaging.io.ArrayCollection'], ['source', list(1)]);
    const name = Buffer.from('flex.messaging.io.ArrayCollection').toString('hex');
    expect(toAMF(collection)).toBe(`110a0743${name}0903010401`);
  });

  it('ends a cycle with a reference', () => {
    const self = table();
    self.entries.set('me', self);
    expect(toAMF(self)).toBe('110a0b01056d650a0001');
  });

  it('writes references over 63 in as many bytes as they need', () => {
    const tables = Array.from({ length: 100 }, () => list());
    expect(toAMF(...tables, tables[99]).slice(-8)).toBe('11098146');
  });
});

describe('toAMF0', () => {
  it.each<[string, LuaValue, string]>([
    ['nil', undefined, '05'],
    ['true', true, '0101'],
    ['5', 5, '004014000000000000'],
    ['"abc"', 'abc', '020003616263'],
    ['{a = 1}', table(['a', 1]), '03000161003ff0000000000000000009'],
    ['a date', table(['__time', 1000]), '0b408f4000000000000000'],
    ['an array, as AMF3', list(1, 2, 3), '11090701040104020403'],
    ['an empty table, as AMF3', table(), '11090101'],
    ['a byte array, as AMF3', table(['__raw', 'a']), '110c0361'],
    ['a dictionary, as AMF3', table(['__size', 0], [1, 2]), '1111030004010402'],
  ])('writes %s as the original does', (_, value, hex) => expect(toAMF0(value)).toBe(hex));

  it('writes a typed object by the specification: no marker before the class name, unlike the original', () => {
    expect(toAMF0(table(['__type', 'C'], ['a', true]))).toBe('100001430001610101000009');
  });

  it('writes a string of more than 65535 bytes as a long one', () => {
    expect(toAMF0('x'.repeat(65535)).slice(0, 6)).toBe('02ffff');
    expect(toAMF0('x'.repeat(65536)).slice(0, 10)).toBe('0c00010000');
  });

  it('goes back to AMF0 after an array inside an object', () => {
    expect(toAMF0(table(['a', list(1)], ['b', 2]))).toBe(
      '03000161 110903010401 000162 004000000000000000 000009'.replaceAll(' ', ''),
    );
  });

  it('refers again to an object with 07, and to what is AMF3 in AMF3', () => {
    const object = table(['a', true]);
    const array = list(1);
    expect(toAMF0(object, array, object, array)).toBe(
      '030001610101000009 110903010401 070000 110900'.replaceAll(' ', ''),
    );
  });

  it('ends a cycle with a reference, also through an array', () => {
    const self = table();
    self.entries.set('me', self);
    expect(toAMF0(self)).toBe('0300026d65070000000009');
    const around = table();
    around.entries.set('list', list(around));
    expect(() => toAMF0(around)).not.toThrow();
  });

  it('refuses a name of more than 65535 bytes', () => {
    expect(() => toAMF0(table(['x'.repeat(65536), 1]))).toThrow(/names of up to 65535 bytes.*65536/);
  });

  it('refuses a reference to an object after the 65536th', () => {
    const objects = Array.from({ length: 65537 }, () => table(['a', true]));
    expect(toAMF0(...objects, objects[65535]).slice(-6)).toBe('07ffff');
    expect(() => toAMF0(...objects, objects[65536])).toThrow(AmfError);
  });
});

describe('what AMF has no place for', () => {
  it.each([0, 3] as const)(
    'becomes null and is reported, at the top and inside tables (version %d)',
    (version) => {
      expect(unsupportedIn(version, new AmfOpaque('function'))).toEqual({ hex: '05', names: ['function'] });
      const inside = unsupportedIn(version, table(['f', new AmfOpaque('thread')]));
      expect(inside.names).toEqual(['thread']);
      expect(plain(fromAMF(inside.hex)[0])).toEqual(new Map());
      const element = unsupportedIn(version, list(new AmfOpaque('userdata'), 2));
      expect(element).toEqual({ hex: '11090501010402', names: ['userdata'] });
    },
  );

  it.each<[string, LuaTable, string]>([
    ['a boolean key', table([true, 1]), 'boolean key'],
    ['a table key', table([list(), 1]), 'table key'],
    ['a function as key', table([new AmfOpaque('function'), 1]), 'function key'],
    ['a fraction as key', table([1.5, 1]), 'number key'],
    ['index 0', table([0, 1]), 'number key'],
    ['an index over 32 bits', table([2 ** 32, 1]), 'number key'],
    ['an empty name', table(['', 1]), 'empty key'],
  ])('%s is reported, and its entry skipped', (_, value, name) => {
    expect(unsupportedIn(3, value)).toEqual({ hex: '11090101', names: [name] });
    value.entries.set('__type', 'C');
    expect(unsupportedIn(3, value)).toEqual({ hex: '110a0b034301', names: [name] });
  });

  it('is reported once, also where toAMF0 goes on in AMF3', () => {
    expect(unsupportedIn(0, table([1, 1], [true, 1])).names).toEqual(['boolean key']);
  });

  it('is a dictionary key only when it is a function', () => {
    const dictionary = table(['__size', 1], [new AmfOpaque('function'), 1], [true, 2]);
    expect(unsupportedIn(3, dictionary)).toEqual({ hex: '11110300030402', names: ['function key'] });
  });
});

describe('limits of encoding', () => {
  it.each([0, 3] as const)(
    `allows ${MAX_DEPTH} nested tables and refuses one more (version %d)`,
    (version) => {
      for (const around of [(v: LuaValue) => list(v), (v: LuaValue) => table(['a', v], ['b', 1])]) {
        const deepest = encode(version, [nested(MAX_DEPTH, around)]);
        expect(decodeAmf(deepest)).toHaveLength(1);
        expect(() => encode(version, [nested(MAX_DEPTH + 1, around)])).toThrow(/deeper than 200 levels/);
      }
    },
  );

  it('refuses a message over 64 MiB that a small table would become', () => {
    const megabyte = 'x'.repeat(1024 * 1024);
    const many = table(...Array.from({ length: 64 }, (_, i): [string, string] => [`k${i}`, megabyte]));
    expect(() => toAMF0(many)).toThrow(`larger than ${MAX_MESSAGE_BYTES} bytes`);
    expect(encode(3, [many]).length).toBeLessThan(2 * megabyte.length);
  });
});

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AmfError, decodeAmf, MAX_DEPTH } from '../../src/lua/amf/index.js';
import { LuaTable, type LuaValue } from '../../src/lua/table.js';
import { bytesOf, fromAMF, plain, tableFrom, toAMF, u29 } from './amf-values.js';

const hexOf = (text: string) => Buffer.from(text, 'latin1').toString('hex');
const map = (...entries: [unknown, unknown][]) => new Map(entries);

describe('fromAMF, AMF0', () => {
  it.each<[string, string, LuaValue]>([
    ['number', '003ff8000000000000', 1.5],
    ['true', '0101', true],
    ['a boolean of any byte but 0 as true', '0102', true],
    ['false', '0100', false],
    ['string, byte by byte', '02000400ff8041', '\x00\xff\x80A'],
    ['null', '05', undefined],
    ['undefined', '06', undefined],
    ['unsupported', '0d', undefined],
    ['long string', '0c00000003616263', 'abc'],
    ['XML document', '0f000000043c612f3e', '<a/>'],
    ['AMF3 behind 11', '110405', 5],
  ])('reads %s', (_, hex, value) => expect(fromAMF(hex)).toEqual([value]));

  it.each<[string, string, Map<unknown, unknown>]>([
    ['an object', '03 000161 0101 000162 05 000009', map(['a', true])],
    ['a typed object', '10 0001 43 000161 0101 000009', map(['__type', 'C'], ['a', true])],
    [
      'an ECMA array, whose names that are indexes count from 1',
      '08 00000002 000130 0101 000178 0100 000009',
      map([1, true], ['x', false]),
    ],
    ['an ECMA array, whatever its count says', '08 ffffffff 000178 0100 000009', map(['x', false])],
    ['a strict array with a hole', '0a 00000003 0101 05 0100', map([1, true], [3, false])],
  ])('reads %s', (_, hex, fields) => expect(plain(tableFrom(hex))).toEqual(fields));

  it('reads a date, and what the calendar says in UTC', () => {
    const date = Object.fromEntries(tableFrom('0b 4272e3922fc0b000 0000').entries);
    expect(date).toEqual({
      ...{ __time: 1298038717451, year: 2011, month: 2, day: 18, yday: 49, wday: 5 },
      ...{ hour: 14, min: 18, sec: 37, msec: 451, isdst: expect.any(Boolean) },
    });
  });

  it.each([
    ['Europe/Berlin', '2011-07-01T00:00:00Z', true],
    ['Europe/Berlin', '2011-01-01T00:00:00Z', false],
    ['Australia/Sydney', '2011-01-01T00:00:00Z', true],
    ['UTC', '2011-07-01T00:00:00Z', false],
  ])(
    'says of a date whether it is summer time in the time zone of the server, %s at %s',
    (zone, date, isdst) => {
      vi.stubEnv('TZ', zone);
      onTestFinished(() => void vi.unstubAllEnvs());
      expect(tableFrom(toAMF(LuaTable.from({ __time: Date.parse(date) }))).entries.get('isdst')).toBe(isdst);
    },
  );

  it('reads a date that no calendar has as its time alone', () => {
    expect(plain(tableFrom('0b 7ff8000000000000 0000'))).toEqual(map(['__time', Number.NaN]));
    expect(tableFrom('0b 7fefffffffffffff 0000').entries.size).toBe(1);
  });

  it('gives the same table for a reference, counting objects and arrays but no dates', () => {
    const values = fromAMF('0b0000000000000000 0000 03 000161 0a00000001 070000 000009 070000 070001');
    const [, object, again, array] = values as LuaTable[];
    expect(again).toBe(object);
    expect(object?.entries.get('a')).toBe(array);
    expect(array?.entries.get(1)).toBe(object);
  });

  it('reads any number of values, and none from nothing', () => {
    expect(fromAMF('')).toEqual([]);
    expect(fromAMF('05 0101 110405 05')).toEqual([undefined, true, 5, undefined]);
  });
});

describe('fromAMF, AMF3', () => {
  it.each<[string, string, LuaValue]>([
    ['undefined', '1100', undefined],
    ['null', '1101', undefined],
    ['false', '1102', false],
    ['true', '1103', true],
    ['the smallest integer', '1104c0808000', -0x10000000],
    ['the largest integer', '1104bfffffff', 0xfffffff],
    ['double', '11053ff8000000000000', 1.5],
    ['string', '110607616263', 'abc'],
    ['XMLDocument', '1107093c612f3e', '<a/>'],
    ['XML', '110b093c612f3e', '<a/>'],
  ])('reads %s', (_, hex, value) => expect(fromAMF(hex)).toEqual([value]));

  it.each<[string, string, Map<unknown, unknown>]>([
    ['an array with names', '11 09 05 0378 03 01 0401 0402', map(['x', true], [1, 1], [2, 2])],
    ['a sparse array', '11 09 03 0339 0402 01 0401', map([10, 2], [1, 1])],
    [
      'an array whose names are no indexes',
      '11 09 01 053037 03 052d31 03 01',
      map(['07', true], ['-1', true]),
    ],
    [
      'an array with a name over 32 bits',
      `11 09 01 15${hexOf('4294967295')} 03 01`,
      map(['4294967295', true]),
    ],
    ['an anonymous object', '11 0a 0b 01 0361 0401 01', map(['a', 1])],
    ['a typed object', '11 0a 0b 0343 0361 0401 01', map(['__type', 'C'], ['a', 1])],
    ['sealed members', '11 0a 23 0343 0361 0362 0401 01', map(['__type', 'C'], ['a', 1])],
    ['sealed and dynamic members', '11 0a 1b 01 0361 0401 0362 0402 01', map(['a', 1], ['b', 2])],
    ['a byte array', '11 0c 07 00ff80', map(['__raw', '\x00\xff\x80'])],
    ['a vector of int', '11 0d 05 00 ffffffff 00000002', map([1, -1], [2, 2])],
    ['a vector of uint', '11 0e 03 01 ffffffff', map([1, 0xffffffff])],
    ['a vector of double', '11 0f 03 00 3ff8000000000000', map([1, 1.5])],
    ['a vector of objects', '11 10 05 00 0343 01 0401', map([2, 1])],
    ['a dictionary', '11 11 05 00 0401 03 0603 78 02', map([1, true], ['x', false], ['__size', 2])],
    ['a dictionary with weak keys', '11 11 03 01 03 03', map([true, true], ['__size', 1])],
  ])('reads %s', (_, hex, fields) => expect(plain(tableFrom(hex))).toEqual(fields));

  it('reads a date', () => {
    expect(tableFrom('11 08 01 408f400000000000').entries.get('sec')).toBe(1);
  });

  it('reads a dictionary whose key is a table', () => {
    const dictionary = tableFrom('11 11 03 00 090101 0902');
    const [key, value] = [...dictionary.entries][0] ?? [];
    expect(key).toBeInstanceOf(LuaTable);
    expect(value).toBe(key);
  });

  it('reads references to strings, and never counts the empty one', () => {
    const array = tableFrom('11 09 09 01 0601 0603 61 0603 62 0602');
    expect([...array.entries.values()]).toEqual(['', 'a', 'b', 'b']);
  });

  it('reads references to traits', () => {
    const array = tableFrom('11 09 05 01 0a 13 0343 0361 0401 0a 01 0402');
    const second = array.entries.get(2);
    expect(plain(second)).toEqual(map(['__type', 'C'], ['a', 2]));
    expect(second).not.toBe(array.entries.get(1));
  });

  it('gives the same table for references to every kind of object', () => {
    const date = '08010000000000000000';
    for (const kind of [date, '090101', '0a0b0101', '0c0361', '0d0100', '110100']) {
      const [first, again] = fromAMF(`11${kind} 11${kind.slice(0, 2)}00`);
      expect(first).toBeInstanceOf(LuaTable);
      expect(again).toBe(first);
    }
    expect(fromAMF('11 0b 0361 11 0b 00')).toEqual(['a', 'a']);
  });

  it('reads a cycle', () => {
    const array = tableFrom('11 09 03 01 0900');
    expect(array.entries.get(1)).toBe(array);
  });

  it('shares its references between all values of a message', () => {
    expect(fromAMF('110607616263 05 110600')).toEqual(['abc', undefined, 'abc']);
  });

  it('takes a member away that is null the second time', () => {
    expect(plain(tableFrom('11 0a 0b 01 0361 0401 00 01 01'))).toEqual(map());
  });

  it.each([
    ['flex.messaging.io.ArrayCollection', 'source'],
    ['flex.messaging.io.ArrayList', 'source'],
    ['flex.messaging.io.ObjectProxy', 'object'],
  ])('reads the externalizable %s, and writes the same again', (type, field) => {
    const length = (type.length * 2 + 1).toString(16);
    const hex = `110a07${length}${hexOf(type)}0903010401`;
    expect(plain(tableFrom(hex))).toEqual(map(['__type', type], [field, map([1, 1])]));
    expect(toAMF(tableFrom(hex))).toBe(hex);
  });
});

describe('onTypedObject', () => {
  it.each([
    ['AMF0', '10 0001 43 000161 0101 000009 070000'],
    ['AMF3', '11 0a 0b 0343 0361 03 01 11 0a 00'],
  ])('is given the complete object, and its result takes the place, %s', (_, hex) => {
    const seen: unknown[] = [];
    const replacement = new LuaTable();
    const onTypedObject = (type: string, object: LuaTable) => {
      seen.push(type, plain(object));
      return replacement;
    };
    expect(decodeAmf(bytesOf(hex), { onTypedObject })).toEqual([replacement, replacement]);
    expect(seen).toEqual(['C', map(['__type', 'C'], ['a', true])]);
  });

  it('keeps the object when it gives nothing, and is not called for anonymous ones', () => {
    const types: string[] = [];
    const onTypedObject = (type: string) => void types.push(type) as undefined;
    const values = decodeAmf(bytesOf('11 0a 0b 0343 01 11 0a 0b 01 01 03 000009'), { onTypedObject });
    expect(types).toEqual(['C']);
    expect(plain(values[0])).toEqual(map(['__type', 'C']));
  });
});

describe('garbage', () => {
  it.each<[string, string, RegExp]>([
    ['an unknown AMF0 marker', '05 13', /offset 1: 0x13 is no AMF0 type/],
    ['a reserved AMF0 marker', '04', /offset 0: 0x04 is no AMF0 type/],
    ['an end marker alone', '09', /offset 0: 0x09/],
    ['an unknown AMF3 marker', '11 12', /offset 1: 0x12 is no AMF3 type/],
    ['a number cut short', '00 3ff8', /offset 1: 8 bytes expected, but only 2 are left/],
    ['a string cut short', '02 0005 61', /offset 3: 5 bytes expected, but only 1 are left/],
    ['nothing behind 11', '11', /offset 1: 1 bytes expected/],
    ['an object without end', '03 000161 05', /offset 5: 2 bytes expected/],
    [
      'an empty name without an end marker',
      '03 0000 05',
      /offset 3: an empty name that no end marker 0x09 follows/,
    ],
    ['an AMF0 reference to nothing', '07 0000', /offset 1: reference to object 0 of 0/],
    ['an AMF3 reference to no string', '11 06 02', /reference to string 1, and there are only 0/],
    ['an AMF3 reference to no object', '11 09 00', /reference to object 0, and there are only 0/],
    ['an AMF3 reference to no traits', '11 0a 01', /reference to traits 0, and there are only 0/],
    [
      'an unknown externalizable class',
      '11 0a 07 0343 00',
      /class "C" is externalizable, and is none of flex/,
    ],
    ['a dictionary key that is null', '11 11 03 00 01 03', /key that is null/],
    [
      'a dictionary key that is not a number',
      '11 11 03 00 05 7ff8000000000000 03',
      /key that is null or not a number/,
    ],
    [
      'a strict array larger than the message',
      '0a 0fffffff 05',
      /268435455 elements announced, but only 1 bytes are left/,
    ],
    ['an AMF3 array larger than the message', '11 09 ffffffff 01', /268435455 elements announced/],
    [
      'a vector larger than the message',
      '11 0d 05 00 00000000 000000',
      /2 elements announced, but only 7 bytes/,
    ],
    ['a vector of double larger than the message', '11 0f ffffffff 00', /268435455 elements announced/],
    ['a dictionary larger than the message', '11 11 ffffffff 00', /268435455 elements announced/],
    ['more sealed members than the message has bytes', '11 0a fffffffb 01', /33554431 elements announced/],
    ['a byte array larger than the message', '11 0c ffffffff', /268435455 bytes expected/],
  ])('%s is one AmfError that names the offset', (_, hex, reason) => {
    const read = () => fromAMF(hex);
    expect(read).toThrow(AmfError);
    expect(read).toThrow(/^AMF message, offset \d+: /);
    expect(read).toThrow(reason);
  });

  it.each<[string, string, string, string]>([
    ['AMF0 arrays', '', '0a00000001', '05'],
    ['AMF0 objects', '', '03000161', '05'],
    ['AMF3 arrays', '11', '090301', '01'],
    ['AMF3 objects', '11', '0a0b010361', '01'],
    ['AMF3 vectors', '11', '10030001', '01'],
    ['AMF3 dictionaries', '11', '1103000401', '01'],
  ])(`%s nested deeper than ${MAX_DEPTH} levels are refused`, (_, start, level, inner) => {
    expect(() => fromAMF(start + level.repeat(MAX_DEPTH + 1) + inner)).toThrow(/deeper than 200 levels/);
    expect(() => fromAMF(start + level.repeat(100_000) + inner)).toThrow(/deeper than 200 levels/);
    expect(() => fromAMF(start + level.repeat(MAX_DEPTH) + inner)).not.toThrow(/deeper/);
  });

  it.each([
    ['strings', (long: string) => `06${long}`, '0600'],
    ['XML', (long: string) => `0b${long}`, '0b02'],
    ['class names', (long: string) => `0a03${long}`, '0a01'],
    ['member names', (long: string) => `0a1301${long}01`, '0a0101'],
  ])('references that repeat more than 64 MiB of %s are refused', (_, first, again) => {
    const long = u29((0x10000 << 1) | 1) + hexOf('x'.repeat(0x10000));
    const array = (times: number) =>
      `1109${u29(((times + 1) << 1) | 1)}01${first(long)}${again.repeat(times)}`;
    expect(tableFrom(array(1024)).entries.size).toBeGreaterThan(1000);
    expect(() => fromAMF(array(1025))).toThrow(/references repeat more than 67108864 bytes/);
  });

  it('reads doubling references in no more time or memory than any others', () => {
    // Each of 150 arrays holds the one before it twice: 2^150 leaves, if anything walked them.
    const levels = 150;
    const again = Array.from({ length: levels - 1 }, (_, i) => `09${u29((levels - 1 - i) << 1)}`);
    const outer = tableFrom(`11${'090501'.repeat(levels)}0101${again.join('')}`);
    expect(outer.entries.get(1)).toBe(outer.entries.get(2));
  });
});

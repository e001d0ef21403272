import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmfError, decodeAmf, encodeAmf } from '../../src/lua/amf/index.js';
import { LuaTable, type LuaValue } from '../../src/lua/table.js';
import { bytesOf, encode, sameGraph } from './amf-values.js';

const binary = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const leaf = fc.oneof(
  fc.boolean(),
  fc.integer(),
  fc.integer({ min: -0x10000001, max: 0x10000001 }),
  fc.double(),
  binary,
);
/** No index, no special field: an array's names would come back as numbers. */
const name = binary.filter((text) => text !== '' && !/^\d/.test(text) && !text.startsWith('__'));

type Child = { readonly leaf: Exclude<LuaValue, undefined> } | { readonly node: number };
interface Node {
  readonly kind: 'array' | 'object' | 'typed' | 'dictionary' | 'bytes';
  readonly text: string;
  readonly children: readonly (readonly [string, Child])[];
}

function graphOf(...kinds: Node['kind'][]): fc.Arbitrary<LuaValue[]> {
  const child = fc.oneof(
    leaf.map((value): Child => ({ leaf: value })),
    fc.nat(9).map((node): Child => ({ node })),
  );
  const children = fc.uniqueArray(fc.tuple(name, child), { maxLength: 6, selector: ([key]) => key });
  const node = fc.record({ kind: fc.constantFrom(...kinds), text: binary, children });
  return fc.array(node, { minLength: 1, maxLength: 10 }).map((nodes) => link(nodes));
}

/** Makes the tables first and their references after, so that there are shared ones and cycles of every kind. */
function link(nodes: readonly Node[]): LuaValue[] {
  const tables = nodes.map(() => new LuaTable());
  for (const [i, { kind, text, children }] of nodes.entries()) {
    const entries = tables[i]?.entries ?? new Map();
    const values = children.map(([, to]) => ('leaf' in to ? to.leaf : tables[to.node % tables.length]));
    if (kind === 'bytes') entries.set('__raw', text);
    else if (kind === 'array') {
      for (const [at, value] of values.entries()) entries.set(at + 1, value);
      if (values.length > 3) entries.set(children[0]?.[0], true);
    } else if (kind === 'dictionary') fillDictionary(entries, values);
    else {
      if (kind === 'typed') entries.set('__type', `class ${text}`);
      else entries.set('o', true);
      for (const [at, [key]] of children.entries()) entries.set(key, values[at]);
    }
  }
  return tables;
}

function fillDictionary(entries: LuaTable['entries'], values: readonly LuaValue[]): void {
  for (const [at, value] of values.entries()) {
    const key = values[values.length - 1 - at];
    if (key !== undefined && !Number.isNaN(key)) entries.set(key, value);
  }
  entries.set('__size', entries.size);
}

const sameAll = (a: readonly LuaValue[], b: readonly LuaValue[], identity: boolean) =>
  sameGraph(LuaTable.list(a), LuaTable.list(b), identity);

describe('what is encoded is decoded again', () => {
  it.each([0, 3] as const)('any numbers, booleans, strings and nil (version %d)', (version) => {
    fc.assert(
      fc.property(fc.array(fc.option(leaf, { nil: undefined })), (values) => {
        expect(sameAll(decodeAmf(encode(version, values)), values, true)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('tables of every kind with cycles and sharing, by identity, in toAMF', () => {
    const graph = graphOf('array', 'object', 'typed', 'dictionary', 'bytes');
    const run = (values: LuaValue[]) => {
      expect(sameAll(decodeAmf(encode(3, values)), values, true)).toBe(true);
    };
    fc.assert(fc.property(graph, run), { numRuns: 2000 });
  });

  it('objects with cycles and sharing, by identity, in toAMF0', () => {
    const run = (values: LuaValue[]) => {
      expect(sameAll(decodeAmf(encode(0, values)), values, true)).toBe(true);
    };
    fc.assert(fc.property(graphOf('object', 'typed'), run), { numRuns: 1000 });
  });

  it('tables of every kind in toAMF0, though one that is in both formats becomes two', () => {
    const graph = graphOf('array', 'object', 'typed', 'bytes');
    const run = (values: LuaValue[]) => {
      expect(sameAll(decodeAmf(encode(0, values)), values, false)).toBe(true);
    };
    fc.assert(fc.property(graph, run), { numRuns: 2000 });
  });

  it('arrays with any indexes', () => {
    const indexes = fc.uniqueArray(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1 })));
    fc.assert(
      fc.property(indexes, (keys) => {
        const table = new LuaTable();
        for (const key of keys) table.entries.set(key, `at ${key}`);
        expect(sameAll(decodeAmf(encode(3, [table])), [table], true)).toBe(true);
      }),
    );
  });

  it.each([0, 3] as const)('dates of the whole calendar (version %d)', (version) => {
    fc.assert(
      fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), (time) => {
        const [date] = decodeAmf(encode(version, [LuaTable.from({ __time: time })]));
        expect(date instanceof LuaTable && date.entries.get('__time')).toBe(time);
        expect(encode(version, [date])).toEqual(encode(version, [LuaTable.from({ __time: time })]));
      }),
    );
  });

  it('the comparison of these tests tells shared tables from equal ones', () => {
    const shared = LuaTable.list([1]);
    const [once, twice] = [LuaTable.list([shared, shared]), LuaTable.list([shared, LuaTable.list([1])])];
    expect([sameGraph(once, twice, true), sameGraph(twice, once, true)]).toEqual([false, false]);
    expect(sameGraph(once, twice, false)).toBe(true);
    expect(sameGraph(once, LuaTable.list([shared, 2]), false)).toBe(false);
  });
});

/** Whatever comes out can go in again: values of a stranger never make encoding fail in another way than AmfError. */
function surviveDecoding(bytes: Uint8Array): 'values' | 'error' {
  try {
    const values = decodeAmf(bytes);
    for (const version of [0, 3] as const) encodeAmf(values, { version, onUnsupported: () => {} });
    return 'values';
  } catch (error) {
    if (error instanceof AmfError) return 'error';
    throw error;
  }
}

describe('any bytes give values or an AmfError', () => {
  it('random ones', () => {
    const outcomes = new Set<string>();
    const markers = fc.constantFrom(...Array.from({ length: 0x12 }, (_, i) => i));
    const byte = fc.oneof(fc.nat(255), markers, fc.constant(1));
    const bytes = fc.array(byte, { maxLength: 40 }).map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(bytes, (message) => void outcomes.add(surviveDecoding(message))),
      { numRuns: 20_000 },
    );
    expect(outcomes).toEqual(new Set(['values', 'error']));
  });

  it('valid messages with bytes changed, left out, repeated, or cut', () => {
    const graph = graphOf('array', 'object', 'typed', 'dictionary', 'bytes');
    const version = fc.constantFrom(0 as const, 3 as const);
    const valid = fc.oneof(
      fc.tuple(graph, version).map(([values, format]) => encode(format, values)),
      fc.constantFrom(...EVERY_TYPE.map(bytesOf)),
    );
    const change = fc.record({ at: fc.nat(), value: fc.nat(255), kind: fc.constantFrom(...CHANGES) });
    const changed = fc.tuple(valid, fc.array(change, { minLength: 1, maxLength: 4 }));
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(changed, ([message, changes]) => {
        const bytes = [...message];
        for (const { at, value, kind } of changes) kind(bytes, at % (bytes.length + 1), value);
        outcomes.add(surviveDecoding(Uint8Array.from(bytes)));
      }),
      { numRuns: 20_000 },
    );
    expect(outcomes).toEqual(new Set(['values', 'error']));
  });
});

const CHANGES: readonly ((bytes: number[], at: number, value: number) => void)[] = [
  (bytes, at, value) => void bytes.splice(at, 1, value),
  (bytes, at) => void bytes.splice(at, 1),
  (bytes, at, value) => void bytes.splice(at, 0, value),
  (bytes, at, value) => void bytes.splice(at, 0, ...bytes.slice(at, at + (value % 16))),
  (bytes, at) => void bytes.splice(at),
];

/** The types that encodeAmf never writes. */
const EVERY_TYPE = [
  '08 00000002 000130 0101 000178 0100 000009 070000',
  '0a 00000003 0101 05 0100 0b 4272e3922fc0b000 0000 0f000000043c612f3e',
  '11 0d 05 00 ffffffff 00000002 11 0e 03 01 ffffffff 11 0f 03 00 3ff8000000000000',
  '11 10 05 00 0343 01 0a 23 0343 0361 0362 0401 01 11 07 093c612f3e 11 0b 02',
  '11 11 05 01 0401 03 0603 78 02 11 09 05 01 0a 13 0343 0361 0401 0a 01 0402',
];

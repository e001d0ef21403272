/**
 * The INI syntax: values come out exactly, every error has file:line, and no text does anything but parse or throw
 * a CumulusError.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIni } from '../../src/config/ini.js';
import { CumulusError } from '../../src/errors.js';

/** The value of the one key `k` of the top. */
function readValue(written: string): string | undefined {
  return parseIni(`k=${written}`, 'x.ini').sections.get('')?.get('k');
}

function errorOf(text: string): CumulusError {
  try {
    parseIni(text, 'x.ini');
  } catch (error) {
    if (error instanceof CumulusError) return error;
    throw error;
  }
  throw new Error('no error');
}

function plain(text: string): unknown {
  const { sections } = parseIni(text, 'x.ini');
  return [...sections].map(([section, keys]) => [section, [...keys]]);
}

describe('values', () => {
  it.each([
    ['a;b#c', 'a;b#c'],
    [';', ';'],
    ['a ; b', 'a ; b'],
    ['  spaced out\t', 'spaced out'],
    ['', ''],
    ['a=b==', 'a=b=='],
    ['true', 'true'],
    ['false', 'false'],
    ['null', 'null'],
    ['"true"', 'true'],
    ['{"a":1}', '{"a":1}'],
    ['[x]', '[x]'],
    ['C:\\new\\table', 'C:\\new\\table'],
    ['a\\;b', 'a\\;b'],
    ['ends in \\', 'ends in \\'],
    ['naïve ☃ 😀', 'naïve ☃ 😀'],
    ['a\u2028b\u2029c', 'a\u2028b\u2029c'],
    ['a\0b', 'a\0b'],
  ])('keep their text: %j is %j', (written, value) => {
    expect(readValue(written)).toBe(value);
  });

  it.each([
    ['"  kept  "', '  kept  '],
    ['"C:\\new"', 'C:\\new'],
    ['""', ''],
    ['"', '"'],
    ['"open', '"open'],
    ['"a","b"', '"a","b"'],
    ['"""', '"""'],
    ["'single'", "'single'"],
  ])('lose one pair of double quotes around the whole and nothing else: %j is %j', (written, value) => {
    expect(readValue(written)).toBe(value);
  });
});

describe('names', () => {
  it('puts keys before the first section at the top, and sections in order', () => {
    expect(plain('port = 1935\n[b]\nx=1\n[a]\ny=2')).toEqual([
      ['', [['port', '1935']]],
      ['b', [['x', '1']]],
      ['a', [['y', '2']]],
    ]);
  });

  it.each(['a.b', '__proto__', 'constructor', 'a\\.b', '"q"', '0', 'a;b', 'true'])(
    'takes the name %j as it is, for a section and for a key',
    (name) => {
      expect(plain(`[${name}]\n${name}=1`)).toEqual([
        ['', []],
        [name, [[name, '1']]],
      ]);
      expect(({} as Record<string, unknown>)['1']).toBeUndefined();
    },
  );

  it('makes no list of a key that ends in []', () => {
    expect(plain('a[]=1\na[]=2')).toEqual([['', [['a[]', '2']]]]);
  });

  it('joins a section that is opened twice, and lets the last of two values win', () => {
    const ini = parseIni('[s]\nx=1\n[t]\nx=2\n[ s ]\ny=3\nx=4', 'x.ini');
    expect([...(ini.sections.get('s') ?? [])]).toEqual([
      ['x', '4'],
      ['y', '3'],
    ]);
    expect(ini.sections.get('t')?.get('x')).toBe('2');
    expect(ini.lineOf('s', 'x')).toBe(7);
  });

  it('says which value does not count, and where', () => {
    const { repeats } = parseIni('a=0\n[s]\na=1\nb=2\n[t]\na=3\n[s]\na=4', 'f.ini');
    expect(repeats).toEqual(['f.ini:8: [s] a is in line 3 already, which does not count']);
  });

  it('distinguishes upper and lower case', () => {
    expect(plain('[S]\nK=1\nk=2')).toEqual([
      ['', []],
      [
        'S',
        [
          ['K', '1'],
          ['k', '2'],
        ],
      ],
    ]);
  });
});

describe('lines', () => {
  it('ignores empty lines and lines that start with ; or #, indented ones too', () => {
    expect(plain('; a=1\n  # b=2\n\n \t \n;[s]\nk=v')).toEqual([['', [['k', 'v']]]]);
  });

  it('allows a comment behind a section header', () => {
    expect(plain('[s] ; about s\nk=v')).toEqual([
      ['', []],
      ['s', [['k', 'v']]],
    ]);
  });

  it.each(['\n', '\r\n', '\r'])('ends at %j, and counts from 1', (end) => {
    const ini = parseIni(['', '[s]', '; c', 'k=v', ''].join(end), 'x.ini');
    expect(ini.sections.get('s')?.get('k')).toBe('v');
    expect(ini.lineOf('s', 'k')).toBe(4);
  });

  it('ignores a byte order mark', () => {
    expect(plain('\uFEFFk=v')).toEqual([['', [['k', 'v']]]]);
  });

  it('knows no line of a key that is not there', () => {
    const ini = parseIni('a=1\n[s]\nb=2', 'x.ini');
    expect(ini.lineOf('s', 'a')).toBeUndefined();
    expect(ini.lineOf('', 'b')).toBeUndefined();
    expect(ini.lineOf('nowhere', 'a')).toBeUndefined();
  });

  it('is empty but for the top when the text is empty', () => {
    expect(plain('')).toEqual([['', []]]);
  });
});

describe('malformed lines', () => {
  it.each([
    ['a=1\nnonsense', 'x.ini:2: "nonsense" must be key=value, [section], or a comment that starts with ;'],
    ['\n\n[smtp', 'x.ini:3: "[smtp" must be closed with ]'],
    ['[smtp\nhost=x]', 'x.ini:1: "[smtp" must be closed with ]'],
    ['[ ]', 'x.ini:1: "[ ]" must have a name between [ and ]'],
    ['[smtp] host', 'x.ini:1: "[smtp] host" must have nothing after the ] but a comment'],
    ['=secret', 'x.ini:1: "" must have a key before the ='],
  ])('are refused with file and line: %j', (text, message) => {
    const error = errorOf(text);
    expect(error.code).toBe('CONFIG');
    expect(error.message).toBe(message);
  });

  it('never show what stands behind a =, and not more than 60 characters', () => {
    expect(errorOf('[smtp password=secret').message).not.toContain('secret');
    expect(errorOf('x'.repeat(1000)).message.length).toBeLessThan(150);
  });
});

it('cannot be changed', () => {
  const { sections } = parseIni('[s]\nk=v', 'x.ini');
  const maps = [sections, sections.get('s')] as unknown as Map<string, unknown>[];
  for (const map of maps) {
    expect(() => map.set('k', 'w')).toThrow(TypeError);
    expect(() => map.delete('s')).toThrow(TypeError);
    expect(() => map.clear()).toThrow(TypeError);
  }
  expect(sections.get('s')?.get('k')).toBe('v');
});

describe('for any text', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .array(
        fc.constantFrom(
          '[',
          ']',
          '=',
          '"',
          "'",
          ';',
          '#',
          '\\',
          '.',
          '\n',
          '\r',
          ' ',
          '__proto__',
          'a',
          '\u2028',
        ),
      )
      .map((parts) => parts.join('')),
  );
  const oneLine = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\r\n]/g, '').trim());
  const value = oneLine.filter((text) => !/^"[^"]*"$/.test(text));
  const key = oneLine.filter((text) => !/^([;#[\uFEFF]|$)|=/.test(text));
  const section = oneLine.filter((text) => text !== '' && !text.includes(']'));

  it('either parses or throws a CumulusError with file:line', () => {
    fc.assert(
      fc.property(anything, (text) => {
        try {
          parseIni(text, 'x.ini');
        } catch (error) {
          expect(error).toBeInstanceOf(CumulusError);
          expect((error as CumulusError).message).toMatch(/^x\.ini:\d+: /);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('gives back every section, key and value that is written, and its line', () => {
    const keys = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 5 });
    const file = fc.uniqueArray(fc.tuple(section, keys), { selector: ([name]) => name, maxLength: 5 });
    fc.assert(
      fc.property(
        file,
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom('=', ' = '),
        (written, end, equals) => {
          const lines = written.flatMap(([name, pairs]) => [
            `[${name}]`,
            ...pairs.map((pair) => pair.join(equals)),
          ]);
          const ini = parseIni(lines.join(end), 'x.ini');
          const read = [...ini.sections].slice(1).map(([name, pairs]) => [name, [...pairs]]);
          expect(read).toEqual(written);
          for (const [name, pairs] of written) {
            for (const pair of pairs)
              expect(lines[(ini.lineOf(name, pair[0]) ?? 0) - 1]).toBe(pair.join(equals));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives back every quoted value with its spaces', () => {
    const inner = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\r\n"]/g, ''));
    fc.assert(
      fc.property(inner, (text) => {
        expect(readValue(`"${text}"`)).toBe(text);
      }),
    );
  });
});

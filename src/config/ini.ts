/**
 * INI text → sections of keys and values, over the `ini` package.
 *
 * Owns the syntax and the line numbers; knows nothing of what the keys mean. A value comes out exactly as it is
 * written, trimmed, without one pair of double quotes around it: no comment inside a line, no escapes, no types.
 *
 * `ini` has ideas of its own about names (`a.b`, `a[]`, `__proto__`) and values (`;`, `#`, `true`, JSON). So it is
 * handed neither: names go in as n0, n1, … and values as JSON strings, and both are put back afterwards.
 */
import { parse } from 'ini';
import { CumulusError } from '../errors.js';

export type IniSections = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface IniFile {
  /** The file's name, as it stands in messages. */
  readonly file: string;
  /** Section → key → value, in order of first appearance. `''` is the part before the first section. */
  readonly sections: IniSections;
  /** The line (from 1) that gave a key its value: the last one, if there are several. */
  lineOf(section: string, key: string): number | undefined;
  /** "file:line: …" for each line whose key has been given before. */
  readonly repeats: readonly string[];
}

type Statement = { readonly section: string } | { readonly key: string; readonly value: string };

/**
 * Reads INI text. `;` and `#` begin a comment only at the start of a line. A section that is opened twice is one
 * section; of a key that is given twice the last value counts. Names are case-sensitive.
 *
 * @throws CumulusError CONFIG, `file:line: …`, at the first line that is none of: empty, comment, `[section]`,
 *   `key=value`.
 */
export function parseIni(text: string, file: string): IniFile {
  const names = new Names();
  const lines = new Map<string, number>();
  const encoded: string[] = [];
  const repeats: string[] = [];
  let section = '';
  const open = (name: string) => {
    section = name;
    encoded.push(`[${names.id(name)}]`);
  };
  open('');
  const rows = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  for (const [index, row] of rows.entries()) {
    const statement = statementOf(row.trim(), `${file}:${index + 1}`);
    if (statement === undefined) continue;
    if ('section' in statement) {
      open(statement.section);
    } else {
      encoded.push(`${names.id(statement.key)}=${quoted(statement.value)}`);
      const before = lines.get(place(section, statement.key));
      if (before !== undefined)
        repeats.push(
          `${file}:${index + 1}: [${section}] ${statement.key} is in line ${before} already, which does not count`,
        );
      lines.set(place(section, statement.key), index + 1);
    }
  }
  const sections = named(parse(encoded.join('\n')), names);
  return { file, sections, lineOf: (inSection, key) => lines.get(place(inSection, key)), repeats };
}

function place(section: string, key: string): string {
  return JSON.stringify([section, key]);
}

/** Names by id and ids by name. An id has a letter, because an object lists integer keys before all others. */
class Names {
  readonly #names = new Map<string, string>();
  readonly #ids = new Map<string, string>();

  id(name: string): string {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = `n${this.#ids.size}`;
    this.#ids.set(name, id);
    this.#names.set(id, name);
    return id;
  }

  name(id: string): string {
    return this.#names.get(id) ?? '';
  }
}

function statementOf(line: string, where: string): Statement | undefined {
  if (/^([;#]|$)/.test(line)) return undefined;
  if (line.startsWith('[')) return { section: sectionOf(line, where) };
  const equals = line.indexOf('=');
  if (equals < 0)
    throw malformed(where, line, 'must be key=value, [section], or a comment that starts with ;');
  if (equals === 0) throw malformed(where, line, 'must have a key before the =');
  return { key: line.slice(0, equals).trim(), value: unquoted(line.slice(equals + 1).trim()) };
}

function sectionOf(line: string, where: string): string {
  const end = line.indexOf(']');
  if (end < 0) throw malformed(where, line, 'must be closed with ]');
  const name = line.slice(1, end).trim();
  if (name === '') throw malformed(where, line, 'must have a name between [ and ]');
  if (!/^\s*([;#]|$)/.test(line.slice(end + 1))) {
    throw malformed(where, line, 'must have nothing after the ] but a comment');
  }
  return name;
}

function malformed(where: string, line: string, rule: string): CumulusError {
  // Only the part before a `=`: the rest may be a password.
  const start = line.split('=', 1)[0] ?? '';
  return new CumulusError('CONFIG', `${where}: ${JSON.stringify(start.slice(0, 60))} ${rule}`);
}

/** `"a","b"` keeps its quotes: they are not one pair around the whole. */
function unquoted(value: string): string {
  return /^"([^"]*)"$/.exec(value)?.[1] ?? value;
}

function quoted(value: string): string {
  // JSON leaves these two as they are, but for the pattern in `ini` they end a line.
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, (end) =>
    end === '\u2028' ? '\\u2028' : '\\u2029',
  );
}

function named(parsed: Record<string, Record<string, unknown>>, names: Names): IniSections {
  const sections = Object.entries(parsed).map(([section, values]) => {
    // `ini` makes true, false and null of these words even inside quotes: String() brings the words back.
    const keys = Object.entries(values).map(([key, value]) => [names.name(key), String(value)] as const);
    return [names.name(section), frozenMap(keys)] as const;
  });
  return frozenMap(sections);
}

/** Object.freeze does not reach the entries of a Map: its methods that write are replaced. */
function frozenMap<K, V>(entries: Iterable<readonly [K, V]>): ReadonlyMap<K, V> {
  const refuse = {
    value: () => {
      throw new TypeError('the configuration is read-only');
    },
  };
  return Object.freeze(
    Object.defineProperties(new Map(entries), { set: refuse, delete: refuse, clear: refuse }),
  );
}

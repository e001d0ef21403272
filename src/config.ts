/**
 * The server's configuration: an INI file and the table of known keys → one frozen, typed Config.
 *
 * Knows how to read, to refuse and to show settings, not what is done with them. A Config is complete and valid:
 * every default is filled in, every folder is absolute, and nobody after this file looks at text again.
 */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type IniFile, type IniSections, parseIni } from './config/ini.js';
import { type Key, KNOWN, type Settings } from './config/keys.js';
import { findTypos } from './config/typos.js';
import { INVALID } from './config/values.js';
import { CumulusError, messageOf } from './errors.js';
import { LEVELS } from './log/levels.js';
import { LuaTable, type LuaValue } from './lua/table.js';
import { PACKAGE_ROOT } from './package.js';

/** Deeply frozen, the maps too. Values are in the units of the table of keys. */
export interface Config extends Settings {
  /** Absolute path of the INI file. */
  readonly file: string;
  /** Its folder: where relative folders start. */
  readonly directory: string;
  /** The file as it is, for `cumulus.configs`. */
  readonly sections: IniSections;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Likely typos, one a line, with file:line. */
  readonly warnings: string[];
  /** Where a setting is, for messages about it: `FILE:LINE: [section] key`, without the line when it is a default. */
  readonly placeOf: (section: string, key: string) => string;
}

/**
 * Reads the configuration in `file`, synchronously.
 *
 * @param overrides.level log level (0–8) in place of `[logs] level`.
 * @throws CumulusError CONFIG: the file cannot be read, is malformed, or has bad values (all of them, one a line).
 * @throws CumulusError USAGE: an override is out of range.
 */
export function loadConfig(
  file: string,
  overrides: { readonly level?: number | undefined } = {},
): LoadedConfig {
  const ini = parseIni(readText(file), file);
  const path = resolve(file);
  const directory = dirname(path);
  const { logs, ...settings } = resolveSettings(ini, directory);
  const level = checkedLevel(overrides.level ?? logs.level);
  const config: Config = {
    ...settings,
    logs: { ...logs, level },
    file: path,
    directory,
    sections: ini.sections,
  };
  const placeOf = (section: string, key: string) => placeIn(ini, section, key);
  return { config: deepFreeze(config), warnings: [...ini.repeats, ...findTypos(ini)], placeOf };
}

function readText(file: string): string {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw new CumulusError('CONFIG', `${file}: ${adviceOn(error, file)}`, { cause: error });
  }
  if (isUtf8(content)) return content.toString('utf8');
  const lines = content.toString('latin1').split('\n');
  const bad = lines.findIndex((line) => !isUtf8(Buffer.from(line, 'latin1')));
  throw new CumulusError('CONFIG', `${file}:${bad + 1}: is not UTF-8; save the file in that encoding`);
}

function adviceOn(error: unknown, file: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return `no such file; copy ${exampleFile()} there, or name another with --config`;
  if (code === 'EISDIR')
    return `is a folder; name the file in it: --config ${join(file, 'CumulusServer.ini')}`;
  if (code === 'EACCES') return 'permission denied; make it readable for the user that runs the server';
  return `cannot be read (${messageOf(error)}); name another with --config, or start from ${exampleFile()}`;
}

function exampleFile(): string {
  return fileURLToPath(new URL('CumulusServer.ini.example', PACKAGE_ROOT));
}

function resolveSettings(ini: IniFile, directory: string): Settings {
  const problems: string[] = [];
  const settings = [...KNOWN].map(([section, keys]) => {
    const values = [...keys].map(([name, key]) => {
      const text = ini.sections.get(section)?.get(name) ?? key.default;
      const value = key.type.read(text, directory);
      if (value === INVALID) problems.push(refusal(ini, section, name, text, key));
      return [name, value] as const;
    });
    return [section, Object.fromEntries(values.filter(([, value]) => value !== undefined))] as const;
  });
  if (problems.length > 0) throw new CumulusError('CONFIG', problems.join('\n'));
  // The one place where the table's types are believed: Settings is derived from the same table.
  return Object.fromEntries(settings) as unknown as Settings;
}

function refusal(ini: IniFile, section: string, name: string, text: string, key: Key): string {
  // Whatever stands in the file must not be able to steer a terminal.
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  const plain = shown.replace(/\p{Cc}/gu, '?');
  return `${placeIn(ini, section, name)} = ${plain}: must be ${key.type.allowed}`;
}

function placeIn(ini: IniFile, section: string, key: string): string {
  const line = ini.lineOf(section, key);
  return `${line === undefined ? ini.file : `${ini.file}:${line}`}: [${section}] ${key}`;
}

function checkedLevel(level: number): number {
  if (Number.isInteger(level) && level >= 0 && level <= LEVELS.trace) return level;
  throw new CumulusError('USAGE', `log level ${level}: must be an integer from 0 to ${LEVELS.trace}`);
}

/** The maps of an IniFile are frozen already. */
function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}

/**
 * `cumulus.configs`: the file as nested tables. As in the original a dot in a name nests, too; where one name is
 * both a value and a section, it is the section; sections without keys are left out. Values are binary strings of
 * their UTF-8 bytes, and only `false` is a boolean.
 */
export function scriptConfigs(ini: { readonly sections: IniSections }): LuaTable {
  const root = new LuaTable();
  for (const [section, keys] of ini.sections) {
    for (const [key, text] of keys) {
      const path = (section === '' ? key : `${section}.${key}`).split('.').map(binary);
      put(root, path, text === 'false' ? false : binary(text));
    }
  }
  return root;
}

function put(root: LuaTable, path: readonly string[], value: LuaValue): void {
  let table = root;
  for (const name of path.slice(0, -1)) {
    const inner = table.entries.get(name);
    const next = inner instanceof LuaTable ? inner : new LuaTable();
    table.entries.set(name, next);
    table = next;
  }
  const last = path.at(-1) ?? '';
  if (!(table.entries.get(last) instanceof LuaTable)) table.entries.set(last, value);
}

function binary(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The table of known keys as a Markdown table, for the README. */
export function describeKeys(): string {
  const rows = [...KNOWN].flatMap(([section, keys]) =>
    [...keys].map(([name, { type, default: text, meaning }]) => {
      const byDefault = text === '' ? 'none' : `\`${text}\``;
      return row(`\`[${section}]\``, `\`${name}\``, type.allowed, type.unit ?? '', byDefault, meaning);
    }),
  );
  const head = [row('Section', 'Key', 'Allowed', 'Unit', 'Default', 'Meaning'), row(...Array(6).fill('---'))];
  return [...head, ...rows].join('\n');
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The settings in force, one `section.key = value unit` a line; secrets are masked, unset keys are `(none)`. */
export function describeConfig(config: Config): string {
  const lines = [...KNOWN].flatMap(([section, keys]) => {
    const values = new Map<string, unknown>(Object.entries(config[section as keyof Settings]));
    return [...keys].map(([name, key]) => `${section}.${name} = ${shownValue(values.get(name), key)}`);
  });
  return lines.join('\n');
}

function shownValue(value: unknown, key: Key): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '(none)';
  if (key.secret) return '***';
  if (Array.isArray(value)) return value.map((path) => path || '/').join(',');
  return `${value} ${key.type.unit ?? ''}`.trim();
}

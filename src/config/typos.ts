/**
 * Names in a configuration that look like a known one misspelt: warnings, never errors.
 *
 * A script may have keys and sections of its own anywhere, and files of the original have its RTMFP keys: a name
 * that is not near a known one is never mentioned.
 */

import { nearest } from '../nearest.js';
import type { IniFile } from './ini.js';
import { KNOWN } from './keys.js';

/** One line for each likely typo: `FILE:LINE: [smtp] hsot is not known; did you mean host?` */
export function findTypos(ini: IniFile): string[] {
  return [...ini.sections].flatMap(([section, keys]) => {
    const names = [...keys.keys()];
    if (section === '') return names.flatMap((name) => dottedKey(ini, name));
    const known = KNOWN.get(section);
    if (known === undefined) return misspeltSection(ini, section, names);
    return names.flatMap((name) => misspeltKey(ini, section, name, [...known.keys()]));
  });
}

function misspeltKey(ini: IniFile, section: string, name: string, known: readonly string[]): string[] {
  const meant = nearest(name, known);
  if (meant === undefined) return [];
  return [warning(ini, section, name, `[${section}] ${name} is not known; did you mean ${meant}?`)];
}

/** A section's name alone says too little (`[log]`, `[tcs]`): one of its keys must be known, too. */
function misspeltSection(ini: IniFile, section: string, names: readonly string[]): string[] {
  const meant = nearest(section, [...KNOWN.keys()]);
  if (meant === undefined) return [];
  const known = new Set([...(KNOWN.get(meant)?.keys() ?? [])].map((key) => key.toLowerCase()));
  const name = names.find((key) => known.has(key.toLowerCase()));
  if (name === undefined) return [];
  return [warning(ini, section, name, `[${section}] ${name} is not known; did you mean [${meant}]?`)];
}

/** The original read `smtp.host=…` outside of a section as `[smtp] host`. */
function dottedKey(ini: IniFile, name: string): string[] {
  const [section = '', key = ''] = name.split('.', 2);
  if (name !== `${section}.${key}` || !KNOWN.get(section)?.has(key)) return [];
  return [warning(ini, '', name, `${name} is not known; did you mean ${key} in the section [${section}]?`)];
}

function warning(ini: IniFile, section: string, key: string, text: string): string {
  return `${ini.file}:${ini.lineOf(section, key)}: ${text}`;
}

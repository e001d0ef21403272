/**
 * The types of configuration values: text of the INI → value, or INVALID.
 *
 * Each type says in words what it allows; the words follow "must be" in an error and stand in the README's table.
 * Knows no key and no section.
 */
import { resolve } from 'node:path';
import { LEVELS, parseLevel } from '../log/levels.js';

export const INVALID: unique symbol = Symbol('invalid');

export interface ValueType<T> {
  /** What is allowed, to be read after "must be". */
  readonly allowed: string;
  /** Unit of the value, in the file and after reading alike. */
  readonly unit?: string;
  /** @param directory where relative paths start: the folder of the INI file. */
  readonly read: (text: string, directory: string) => T | typeof INVALID;
}

export const level: ValueType<number> = {
  allowed: `0 to 8 or ${anyOf(['nothing', ...Object.keys(LEVELS)])}`,
  read: (text) => parseLevel(text) ?? INVALID,
};

export const boolean: ValueType<boolean> = {
  allowed: 'true, yes, on, 1, or false, no, off, 0',
  read: (text) => {
    if (/^(true|yes|on|1)$/i.test(text)) return true;
    return /^(false|no|off|0)$/i.test(text) ? false : INVALID;
  },
};

/** A name to connect to or an address. */
export const host: ValueType<string> = {
  allowed: 'a host name or an address',
  read: (text) => (/^[^\s/]+$/.test(text) ? text : INVALID),
};

export const anyText: ValueType<string> = { allowed: 'any text', read: (text) => text };

export const folder: ValueType<string> = {
  allowed: 'a folder',
  read: (text, directory) => (text === '' || text.includes('\0') ? INVALID : resolve(directory, text)),
};

export const fileName: ValueType<string> = {
  allowed: 'a file name without a folder',
  read: (text) => (/^(?!\.{1,2}$)[^/\\\0]+$/.test(text) ? text : INVALID),
};

/** `/a, /b/c/` → `['/a', '/b/c']`; `/` is the root application, whose path is `''`. */
export const applicationPaths: ValueType<readonly string[]> = {
  allowed: 'application paths such as /a,/b/c (the root application is /)',
  read: (text) => {
    if (text === '') return [];
    const paths = text.split(',').map((path) => path.trim());
    if (!paths.every((path) => /^\/$|^(\/(?!\.{1,2}(\/|$))[^/]+)+\/?$/.test(path))) return INVALID;
    return [...new Set(paths.map((path) => path.replace(/\/$/, '')))];
  },
};

/** An empty value is "not set". */
export function optional<T>(type: ValueType<T>): ValueType<T | undefined> {
  return { ...type, read: (text, directory) => (text === '' ? undefined : type.read(text, directory)) };
}

export function oneOf<const T extends string>(...names: readonly T[]): ValueType<T> {
  return {
    allowed: anyOf(names),
    read: (text) => names.find((name) => name === text.toLowerCase()) ?? INVALID,
  };
}

export function integer(min: number, max: number, unit = ''): ValueType<number> {
  return {
    unit,
    allowed: `an integer from ${min} to ${max}`,
    read: (text) => (/^\d+$/.test(text) ? within(Number(text), min, max) : INVALID),
  };
}

/** Seconds may have decimals: `0.5`. */
export function seconds(min: number, max: number): ValueType<number> {
  return {
    unit: 'seconds',
    allowed: `a number from ${min} to ${max}`,
    read: (text) => (/^\d+(\.\d+)?$/.test(text) ? within(Number(text), min, max) : INVALID),
  };
}

const FACTORS = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;

/** `max` is text as it would be written (`1G`), so that the message is readable. */
export function bytes(min: number, max: string): ValueType<number> {
  const limit = parseBytes(max) ?? min;
  return {
    unit: 'bytes',
    allowed: `an integer from ${min} to ${max}; k, M and G stand for 1024, 1024² and 1024³`,
    read: (text) => within(parseBytes(text) ?? Number.NaN, min, limit),
  };
}

function parseBytes(text: string): number | undefined {
  const [, digits, suffix = ''] = /^(\d+)([kmg]?)$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * FACTORS[suffix.toLowerCase() as keyof typeof FACTORS];
}

function within(value: number, min: number, max: number): number | typeof INVALID {
  return value >= min && value <= max ? value : INVALID;
}

function anyOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

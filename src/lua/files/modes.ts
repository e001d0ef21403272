/**
 * `io.open`'s mode → the flags of open(2).
 */
import { constants } from 'node:fs';

export interface Mode {
  readonly flags: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly append: boolean;
}

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND } = constants;

/**
 * @param strict Lua 5.4's rule: `[rwa]%+?b*` and nothing else; 5.1 leaves what follows to the C library, which ignores it
 * @returns undefined for one that is not valid
 */
export function parseMode(mode: string, strict: boolean): Mode | undefined {
  const match = (strict ? /^([rwa])(\+?)b*$/ : /^([rwa])([^+]*\+)?/).exec(mode);
  if (!match) return undefined;
  const both = match[2] !== undefined && match[2] !== '';
  const append = match[1] === 'a';
  if (match[1] === 'r')
    return { flags: both ? O_RDWR : O_RDONLY, readable: true, writable: both, append: false };
  const flags = (both ? O_RDWR : O_WRONLY) | O_CREAT | (append ? O_APPEND : O_TRUNC);
  return { flags, readable: both, writable: true, append };
}

/**
 * Where a script is, as messages show it: "www/main.lua:3: ".
 */
import type { Bytes } from './bytes.js';
import type { RawLua } from './engine/raw.js';

/** What the names of our own Lua begin with. No folder of applications is called so (errors.lua, sandbox.lua, compat51.lua). */
export const OURS = '[cumulus]/';

/** How many functions of ours and of Lua's own there may be above the script's. */
const LEVELS = 8;

/**
 * The innermost function that is the script's, from `level` on: 0 is the one that runs. Functions of ours in between, and
 * those of Lua's own, which have no place, are passed over.
 * @returns "" when there is none
 */
export function scriptPosition(raw: RawLua, bytes: Bytes, L: number, level: number): string {
  for (let i = level; i < level + LEVELS; i++) {
    const where = whereOf(raw, bytes, L, i);
    if (where !== '' && !where.startsWith(OURS)) return where;
  }
  return '';
}

/** Of the function at `level`; "" when it has none. */
export function whereOf(raw: RawLua, bytes: Bytes, L: number, level: number): string {
  raw.where(L, level);
  const where = bytes.text(L, -1) ?? '';
  raw.settop(L, -2);
  return where;
}

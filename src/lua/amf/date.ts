/**
 * An AMF date as a Lua table: `__time`, and the fields that the original adds for reading.
 *
 * Everything but `isdst` is in UTC. Only `__time` counts when the table is encoded again.
 */
import type { LuaTable } from '../table.js';

const DAY_MS = 86_400_000;

/**
 * Sets `__time` (whole milliseconds since 1970), `year`, `month` (1–12), `day`, `yday` (1–366), `wday` (0 is Sunday),
 * `hour`, `min`, `sec`, `msec`, and `isdst` (whether that instant is summer time here). Of a time that no calendar has,
 * NaN for instance, there is only `__time`.
 */
export function fillDate(table: LuaTable, time: number): LuaTable {
  const date = new Date(time);
  const known = !Number.isNaN(date.getTime());
  table.entries.set('__time', known ? date.getTime() : time);
  if (!known) return table;
  const fields = {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    yday: 1 + Math.floor((date.getTime() - startOfYear(date)) / DAY_MS),
    wday: date.getUTCDay(),
    hour: date.getUTCHours(),
    min: date.getUTCMinutes(),
    sec: date.getUTCSeconds(),
    msec: date.getUTCMilliseconds(),
    isdst: isSummerTime(date),
  };
  for (const [name, value] of Object.entries(fields)) table.entries.set(name, value);
  return table;
}

/** `Date.UTC` takes the years 0–99 for 1900–1999. */
function startOfYear(date: Date): number {
  return new Date(0).setUTCFullYear(date.getUTCFullYear(), 0, 1);
}

/** The larger of the two offsets of a year is that of standard time: offsets count westwards. */
function isSummerTime(date: Date): boolean {
  const year = date.getFullYear();
  const offsets = [0, 6].map((month) => new Date(year, month, 1).getTimezoneOffset());
  return date.getTimezoneOffset() < Math.max(...offsets);
}

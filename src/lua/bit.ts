/**
 * LuaJIT's `bit` library for Lua 5.1, which has no integer operators: results are signed 32-bit numbers.
 * (Lua 5.4 has them: stdlib/bit.lua.)
 */
import { badArgument, wrongType } from './arguments.js';
import type { HostFunction } from './host-calls.js';
import type { Stack } from './stack.js';

/** Adding it makes a double round to an integer, to the even one at .5, as LuaJIT does. */
const ROUND = 2 ** 52 + 2 ** 51;

export function bitFunctions(stack: Stack): Readonly<Record<string, HostFunction>> {
  const fold = (name: string, combine: (a: number, b: number) => number) => () => {
    let result = argument(1, name);
    for (let i = 2, count = stack.count; i <= count; i++) result = combine(result, argument(i, name));
    return stack.pushNumber(result | 0);
  };
  const shift = (name: string, move: (a: number, by: number) => number) => () =>
    stack.pushNumber(move(argument(1, name), argument(2, name) & 31) | 0);
  return {
    tobit: () => stack.pushNumber(argument(1, 'tobit')),
    bnot: () => stack.pushNumber(~argument(1, 'bnot')),
    bswap: () => stack.pushNumber(swap(argument(1, 'bswap'))),
    tohex: () =>
      stack.pushBinary(hexadecimal(argument(1, 'tohex'), stack.isNil(2) ? 8 : argument(2, 'tohex'))),
    band: fold('band', (a, b) => a & b),
    bor: fold('bor', (a, b) => a | b),
    bxor: fold('bxor', (a, b) => a ^ b),
    lshift: shift('lshift', (a, by) => a << by),
    rshift: shift('rshift', (a, by) => a >>> by),
    arshift: shift('arshift', (a, by) => a >> by),
    rol: shift('rol', (a, by) => (a << by) | (a >>> (32 - by))),
    ror: shift('ror', (a, by) => (a >>> by) | (a << (32 - by))),
  };

  function argument(i: number, name: string): number {
    const value = stack.number(i);
    if (value === undefined) throw wrongType(stack, i, name, 'number');
    if (Number.isNaN(value)) throw badArgument(i, name, 'number expected, got NaN');
    return Math.abs(value) < ROUND / 3 ? (value + ROUND - ROUND) | 0 : value | 0;
  }
}

function swap(value: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes.readInt32BE();
}

/** The last `digits` digits; a negative number of them: in capitals. */
function hexadecimal(value: number, digits: number): string {
  const count = Math.min(Math.abs(digits), 8);
  const text = (value >>> 0)
    .toString(16)
    .padStart(8, '0')
    .slice(8 - count);
  return digits < 0 ? text.toUpperCase() : text;
}

/**
 * Lua 5.1's mathematical functions that Lua 5.4 has not, and cannot compute from others without loss.
 */
import { wrongType } from './arguments.js';
import type { HostFunction } from './host-calls.js';
import type { Stack } from './stack.js';

export function mathFunctions(stack: Stack): Readonly<Record<string, HostFunction>> {
  const of = (name: 'cosh' | 'sinh' | 'tanh') => () => {
    const value = stack.number(1);
    if (value === undefined) throw wrongType(stack, 1, name, 'number');
    return stack.pushFloat(Math[name](value));
  };
  return { cosh: of('cosh'), sinh: of('sinh'), tanh: of('tanh') };
}

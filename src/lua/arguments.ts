/**
 * Arguments of library functions, checked as Lua's own libraries check them, and results by their convention: a value,
 * or nil, a message and a number.
 */
import { LUA_TNUMBER, LUA_TSTRING } from './engine/raw.js';
import { fileErrorOf } from './files/file-error.js';
import { LuaError } from './lua-error.js';
import type { Stack } from './stack.js';

/** A string or number as a binary string. @throws LuaError "bad argument …" */
export function checkString(stack: Stack, i: number, name: string): string {
  const type = stack.type(i);
  if (type !== LUA_TSTRING && type !== LUA_TNUMBER) throw wrongType(stack, i, name, 'string');
  return stack.binary(i) ?? '';
}

export function optionalString(stack: Stack, i: number, name: string, otherwise: string): string {
  return stack.isNil(i) ? otherwise : checkString(stack, i, name);
}

export function checkInteger(stack: Stack, i: number, name: string): number {
  const value = stack.number(i);
  if (value === undefined) throw wrongType(stack, i, name, 'number');
  if (!Number.isSafeInteger(Math.trunc(value)))
    throw badArgument(i, name, 'number has no integer representation');
  return Math.trunc(value);
}

export function wrongType(stack: Stack, i: number, name: string, wanted: string): LuaError {
  const got = stack.type(i) < 0 ? 'no value' : stack.typeName(i);
  return badArgument(i, name, `${wanted} expected, got ${got}`);
}

export function badArgument(i: number, name: string, reason: string): LuaError {
  return new LuaError(`bad argument #${i} to '${name}' (${reason})`);
}

/** Runs `work`; a failure of the file system becomes nil, message, number. @param name put in front of the message */
export function orFailure(stack: Stack, work: () => number, name?: string): number {
  try {
    return work();
  } catch (error) {
    if (typeof error === 'number' || error instanceof LuaError) throw error;
    const { message, errno } = fileErrorOf(error, name);
    stack.pushText(undefined);
    stack.pushText(message);
    stack.pushNumber(errno);
    return 3;
  }
}

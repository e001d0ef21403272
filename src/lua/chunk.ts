/**
 * What may be compiled: text, with or without what only editors and shells read at its beginning.
 */
import { CumulusError } from '../errors.js';

/** The first byte of compiled Lua. */
const BYTECODE = 0x1b;

/**
 * Lua does not check bytecode: a crafted one reaches any address in the heap.
 * @param chunkName "@" and the name to be shown
 * @throws CumulusError LUA_SYNTAX for bytecode
 */
export function textOf(source: Uint8Array, chunkName: string): Uint8Array {
  const text = withoutShebang(source);
  if (text[0] === BYTECODE)
    throw new CumulusError('LUA_SYNTAX', `${chunkName.slice(1)}: bytecode is refused, only text is run`);
  return text;
}

/** Lua's own loader of files skips a first line that begins with "#"; the line stays, so that numbers are right. */
function withoutShebang(source: Uint8Array): Uint8Array {
  const start = source[0] === 0xef && source[1] === 0xbb && source[2] === 0xbf ? 3 : 0;
  if (source[start] !== 0x23) return start === 0 ? source : source.subarray(start);
  const end = source.indexOf(0x0a, start);
  return end < 0 ? new Uint8Array(0) : source.subarray(end);
}

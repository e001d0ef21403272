/**
 * Long strings of Lua 5.4 that are pushed first and filled in then, so that bytes from outside are copied once.
 *
 * `lua_pushlstring` copies from the heap, into which such bytes would have to be copied before. A full userdata is made
 * without copying, and is the same block in the same list of the collector as a string that is one byte shorter:
 *
 *   userdata | next | type, mark, values    | size | metatable | bytes
 *   string   | next | type, mark, not hashed | seed | length    | bytes, 0
 *
 * so that turning one into the other is four words. Lua hashes a long string when it becomes a key, not before. 5.1 does
 * as it makes it, and has no such way.
 *
 * Invariant: the header is taken from a string that the engine has made itself; where anything is not laid out as it is
 * drawn here, there is no such way either.
 */
import { LUA_TSTRING, type RawLua } from './engine/raw.js';

/** Pushes a string of `length` bytes of anything, and returns their address: they are to be set before Lua runs. */
export type PushBlank = (L: number, length: number) => number;

type Words = () => Uint32Array;

/** Words before the bytes. The first, the collector's link, stays as it is. */
const KIND = -3;
const SECOND = -2;
const THIRD = -1;
const HEADER_BYTES = 16;

/** The collector's mark within the word of the kind. */
const MARK = 0xff00;

/** Offset of `top` in lua_State, words; a slot of the stack is a value of 8 bytes and its type. */
const TOP = 3;
const SLOT_TYPE = -2;
const SLOT_VALUE = -4;
const TYPE = 0xff;

/** Bytes of the string that is looked at: more than Lua's short strings have. */
const SAMPLE = 64;

interface Header {
  readonly kind: number;
  readonly seed: number;
  readonly slot: number;
}

/**
 * @param source the address of 64 bytes
 * @param words the heap, asked for afresh at each use
 * @returns undefined when strings of this engine are laid out in another way
 */
export function blankStrings(raw: RawLua, source: number, words: Words): PushBlank | undefined {
  const { L } = raw;
  const before = raw.gettop(L);
  raw.pushlstring(L, source, SAMPLE);
  const header = headerOf(raw, words);
  const pushBlank = header && isUserdata(raw, words) ? pusher(raw, words, header) : undefined;
  const works = pushBlank && isRight(raw, source, pushBlank);
  raw.settop(L, before);
  return works ? pushBlank : undefined;
}

function pusher(raw: RawLua, words: Words, { kind, seed, slot }: Header): PushBlank {
  return (L, length) => {
    const address = raw.newuserdata(L, length + 1);
    const heap = words();
    const at = address >>> 2;
    heap[at + KIND] = ((heap[at + KIND] as number) & MARK) | kind;
    heap[at + SECOND] = seed;
    heap[at + THIRD] = length;
    const top = (heap[(L >>> 2) + TOP] as number) >>> 2;
    heap[top + SLOT_TYPE] = slot;
    raw.heap()[at * 4 + length] = 0;
    return at * 4;
  };
}

/** Of the string on top, when it is as expected. */
function headerOf(raw: RawLua, words: Words): Header | undefined {
  const address = raw.tolstring(raw.L, -1, 0);
  const heap = words();
  const at = address >>> 2;
  const slot = slotOf(raw.L, address, heap);
  if (slot === undefined || heap[at + THIRD] !== SAMPLE) return undefined;
  return { kind: (heap[at + KIND] as number) & ~MARK, seed: heap[at + SECOND] as number, slot };
}

function isUserdata(raw: RawLua, words: Words): boolean {
  const address = raw.newuserdata(raw.L, SAMPLE + 1);
  const heap = words();
  const at = address >>> 2;
  const sized = heap[at + SECOND] === SAMPLE + 1 && heap[at + THIRD] === 0;
  return sized && slotOf(raw.L, address, heap) !== undefined;
}

/** The type in the top slot of the stack, when that points to the block of `address`. */
function slotOf(L: number, address: number, heap: Uint32Array): number | undefined {
  const top = (heap[(L >>> 2) + TOP] ?? 0) >>> 2;
  if (address % 8 !== 0 || heap[top + SLOT_VALUE] !== address - HEADER_BYTES) return undefined;
  return (heap[top + SLOT_TYPE] as number) & TYPE;
}

/** Lua takes one for the string that it was made after. */
function isRight(raw: RawLua, source: number, pushBlank: PushBlank): boolean {
  const { L } = raw;
  raw.pushlstring(L, source, SAMPLE);
  const address = pushBlank(L, SAMPLE);
  raw.heap().copyWithin(address, source, source + SAMPLE);
  return (
    raw.type(L, -1) === LUA_TSTRING && raw.tolstring(L, -1, 0) === address && raw.rawequal(L, -1, -2) === 1
  );
}

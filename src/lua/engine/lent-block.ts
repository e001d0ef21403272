/**
 * A block that Lua is given for the string it is about to make, in place of one of its own.
 *
 * Lua asks one function for all its memory, and lets it be replaced at any time. Ours is there for one request: for a new
 * string of just the size that is expected it has the block; anything else is passed on. A block is as one of Lua's
 * own from then on, since both are of the same `malloc`.
 */
import type { EngineBuild } from './engine.js';
import type { HostFunctions } from './host-functions.js';

export interface LentBlock {
  /** The next request is met with the block, if it is for a string of `size` bytes in all. */
  lend(block: number, size: number): void;
  /** To be called in any case. @returns false when the block was not taken */
  end(): boolean;
}

/** One `lend`: a finalizer that runs inside of another's call may have its own. */
interface Frame {
  block: number;
  size: number;
  taken: boolean;
}

/** What Lua asks for an object that is new: `old` says of what kind, where the engine says it. */
type Allocate = (user: number, block: number, old: number, size: number) => number;

/** 5.1 does not say of what kind. */
export const UNKNOWN = 0;

/**
 * Where the kind is unknown the block must not go to anything else. The collector, which may run before the string is made,
 * asks for tables of strings: they are of whole words, and a block of such a size is not lent. Finalizers could ask for a
 * string of just that length: scripts have none (sandbox.lua), and ours make no long strings.
 */
const WORD = 4;

/**
 * @param L the main state
 * @param stringKind what `old` is when Lua asks for a new string, or `UNKNOWN`
 * @returns undefined with the glue's exports, whose allocator counts what it gives
 */
export function lentBlock(
  build: EngineBuild,
  functions: HostFunctions,
  L: number,
  stringKind: number,
): LentBlock | undefined {
  const { lua_getallocf, lua_setallocf, malloc, free, __indirect_function_table: table } = build.exports;
  if (!build.direct || !lua_getallocf || !lua_setallocf || !malloc || !free) return undefined;
  // The user data of the allocator that the engine comes with is NULL: it has no state.
  const own = lua_getallocf(L, 0);
  const allocate = table.get(own) as Allocate;
  const frames: Frame[] = [];
  let depth = 0;
  let lending = false;
  const stop = () => {
    lending = false;
    lua_setallocf(L, own, 0);
  };
  const allocator = functions.add((user, block, old, size) => {
    stop();
    const frame = frames[depth - 1];
    if (!frame || block !== 0 || old !== stringKind || size !== frame.size)
      return allocate(user as number, block as number, old as number, size as number);
    frame.taken = true;
    return frame.block;
  }, 'iiiii');
  return {
    lend(block, size) {
      frames[depth] ??= { block, size, taken: false };
      const frame = frames[depth++] as Frame;
      frame.block = block;
      frame.size = size;
      frame.taken = false;
      lending = stringKind !== UNKNOWN || size % WORD !== 0;
      if (lending) lua_setallocf(L, allocator, 0);
    },
    end() {
      if (lending) stop();
      return frames[--depth]?.taken === true;
    },
  };
}

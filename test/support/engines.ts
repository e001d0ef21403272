/** The engines that a server makes, so that a test can do to them what no script can. */
import { LuaEngines } from '../../src/lua/engine/engine.js';
import type { RawLua } from '../../src/lua/engine/raw.js';

export interface EngineCapture {
  /** In the order in which they were made. */
  readonly made: RawLua[];
  stop(): void;
}

/** Keeps every engine made from now on, until `stop`. */
export function captureEngines(): EngineCapture {
  const create = LuaEngines.prototype.create;
  const made: RawLua[] = [];
  LuaEngines.prototype.create = async function (...options) {
    const raw = await create.apply(this, options);
    made.push(raw);
    return raw;
  };
  return {
    made,
    stop: () => {
      LuaEngines.prototype.create = create;
    },
  };
}

/** Overwrites the main state: whatever enters the engine next ends in a trap. */
export function corrupt(raw: RawLua): void {
  raw.heap().fill(0xee, raw.L + 8, raw.L + 64);
}

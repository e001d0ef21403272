/**
 * Stands for a Lua value that is no plain data: a function, a userdata, a thread.
 *
 * It is a LuaTable, an empty one, only so that it fits wherever a LuaValue does, inside other tables too.
 */
import { LuaTable, type LuaValue } from '../table.js';

export class AmfOpaque extends LuaTable {
  /** As Lua's `type()` names it. */
  readonly typeName: string;

  constructor(typeName: string) {
    super();
    this.typeName = typeName;
  }
}

export type AmfInput = LuaValue | AmfOpaque;

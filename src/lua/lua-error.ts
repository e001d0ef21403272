/**
 * Thrown by a host function to raise a Lua error in the script that called it: its own message, with the script's
 * position in front, catchable by `pcall`.
 */
export class LuaError extends Error {
  /** False when the message has its position already, or must not have one. */
  readonly positioned: boolean;

  constructor(message: string, positioned = true) {
    super(message);
    this.name = 'LuaError';
    this.positioned = positioned;
  }
}

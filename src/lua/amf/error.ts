/**
 * The one error of this folder, and the limits that lead to it.
 *
 * A message comes from a stranger: each limit is there so that a few bytes cannot cost much stack, memory or time.
 */
import { CumulusError } from '../../errors.js';

/** Tables inside tables, as many as Lua allows its own nested calls into C: enough for data, far from our stack's end. */
export const MAX_DEPTH = 200;

/** The most that one message may be encoded to: AMF0 repeats a string at each use, so a small table can be a huge one. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/**
 * The most bytes of strings that the references of one message may repeat. Here a repeated string costs nothing, but
 * each use becomes a copy in Lua: two bytes that refer to a megabyte, a thousand times over, would be a gigabyte.
 */
export const REPEATED_BYTES_MAX = 64 * 1024 * 1024;

/** A message, or values for one, that cannot be right. The message names the offset, if there is one, and the reason. */
export class AmfError extends CumulusError {
  constructor(message: string) {
    super('LUA_RUNTIME', message);
    this.name = 'AmfError';
  }
}

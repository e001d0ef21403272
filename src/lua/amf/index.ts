/**
 * AMF, the format of `cumulus:toAMF`, `toAMF0` and `fromAMF`: plain values ⇄ bytes.
 *
 * Owns the top of a message: a sequence of AMF0 values, any of which may be an AMF3 value behind the marker 0x11.
 * Knows nothing of Lua engines. Invariant: any bytes decode to values or to one AmfError, in time and memory linear in
 * their number (a factor of REPEATED_BYTES_MAX aside), and any values encode to bytes or one AmfError.
 *
 * Ours, because Lua strings are bytes, and npm's amfjs, amf-js, amflib and amf-codec (AMF0 only) make UTF-8 text of
 * them; those whose files are dated stopped between 2013 and 2018. libamf needs express and a package from a Git address.
 *
 * The reference tables (strings, objects, traits) are shared by all values of one call, over every 0x11: AMF3 resets
 * them for each message, not for each value, and the original kept one writer, or one reader, for a call.
 */
import type { LuaValue } from '../table.js';
import { Amf0Decoder } from './decode0.js';
import { Amf3Decoder, type AmfDecodeHooks } from './decode3.js';
import { Amf0Encoder } from './encode0.js';
import { Amf3Encoder } from './encode3.js';
import type { AmfInput } from './opaque.js';
import { ByteReader } from './reader.js';
import type { OnUnsupported } from './shape.js';
import { ByteWriter } from './writer.js';

export type { AmfDecodeHooks } from './decode3.js';
export { AmfError, MAX_DEPTH, MAX_MESSAGE_BYTES, REPEATED_BYTES_MAX } from './error.js';
export { type AmfInput, AmfOpaque } from './opaque.js';

export interface AmfEncodeOptions {
  /** 3: `toAMF`, where integers, strings and tables are AMF3. 0: `toAMF0`, where AMF0 is used for what it can hold. */
  readonly version: 0 | 3;
  /**
   * Told of what is left out: the type of an AmfOpaque, which becomes null ("function"), or of a table key that
   * AMF has no place for, whose entry is skipped ("boolean key", "number key", "empty key").
   */
  readonly onUnsupported: OnUnsupported;
}

/**
 * `cumulus:toAMF(...)` and `cumulus:toAMF0(...)` (reference behaviour, "Applications and scripts").
 *
 * Special fields of a table: `__raw` (bytes) a ByteArray; `__time` (milliseconds since 1970) a Date; `__size` (any
 * number) a Dictionary, whose keys may be of any type; `__type` (class name) a typed object. Otherwise a table with
 * indexes, or an empty one, is an Array, and one with only string keys an Object. As in the original, arrays,
 * dictionaries and byte arrays are AMF3 in `toAMF0` too. Of an externalizable class (EXTERNALIZABLE_FIELDS in
 * markers.ts) only the field that the class transfers goes out.
 *
 * Where the original's bytes could not be read again, ours differ: repeated tables are references at every depth (it
 * looped for ever on a cycle), an AMF0 class name has no marker before it, counts are those of what follows, and an
 * integer below -2^28 is a double.
 *
 * @throws AmfError when tables are nested deeper than MAX_DEPTH, the message is over MAX_MESSAGE_BYTES, an AMF0 name
 *   over 65535 bytes, or an AMF0 reference is to an object after the 65536th.
 */
export function encodeAmf(values: readonly AmfInput[], options: AmfEncodeOptions): Uint8Array {
  const writer = new ByteWriter();
  const amf3 = new Amf3Encoder(writer, options.onUnsupported);
  const encoder = new Amf0Encoder(writer, amf3, options);
  for (const value of values) encoder.write(value, 0);
  return writer.finish();
}

/**
 * `cumulus:fromAMF(bytes)`: every value of a message. null, undefined and unsupported are nil; XML is a string; arrays
 * and vectors count from 1; Dictionary, Date, ByteArray and typed objects have the fields that encodeAmf knows.
 * A dictionary's weak flag is dropped: with weak keys in Lua it could lose its entries before the script sees it.
 *
 * @throws AmfError that names the offset of the first thing that is wrong; no value is given then.
 */
export function decodeAmf(bytes: Uint8Array, hooks: AmfDecodeHooks = {}): LuaValue[] {
  const reader = new ByteReader(bytes);
  const decoder = new Amf0Decoder(reader, new Amf3Decoder(reader, hooks), hooks);
  const values: LuaValue[] = [];
  while (!reader.ended) values.push(decoder.value(0));
  return values;
}

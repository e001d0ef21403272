/** What a handler of a test does that is offered bytes to read: it reads them, and is given them as any others. */
import type { Unread } from '../../src/net/connection.js';

/** @returns what `onReception` keeps */
export function receiveUnread(unread: Unread, onReception: (bytes: Buffer) => number): Buffer {
  const room = Buffer.alloc(unread.room);
  const bytes = room.subarray(0, unread.readInto(room));
  const keep = bytes.length > 0 ? onReception(bytes) : 0;
  return Buffer.from(bytes.subarray(bytes.length - keep));
}

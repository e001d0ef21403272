/**
 * A TCP connection as its owner sees it, whatever it is made of: a handle of Node's (handle-connection.ts) or a
 * `net.Socket` (socket-connection.ts).
 *
 * Invariant: after `onEnd` nothing is read any more, after `onClosed` nothing at all happens. A connection that has lost
 * its owner tells nobody anything, except `watcher` that it has closed.
 */

/** First keep-alive probe after this much silence, milliseconds. */
export const KEEP_ALIVE_MS = 60_000;

/** One piece, or several in order. */
export type Sent = Uint8Array | readonly Uint8Array[];

/** Not `Buffer.isBuffer`, which takes as long as making a piece. */
export function isSeveral(sent: Sent): sent is readonly Uint8Array[] {
  return Array.isArray(sent);
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** What has come in and nobody has read yet: much, as what came before it was. */
export interface Unread {
  /** How many bytes there is to be room for. */
  readonly room: number;
  /**
   * To be called once. What is wrong with the connection is told later.
   * @returns how many bytes it was; 0: nothing is there after all
   */
  readInto(into: Uint8Array): number;
}

/** Who is told what happens. No method may throw. */
export interface ConnectionOwner {
  /** @param bytes valid only during the call */
  onRead(bytes: Buffer): void;
  /** Whether it takes much from where it is, by `onUnread`. Not asked before the first `onRead`. */
  readonly readsItself?: boolean;
  /** What it does not read now comes by `onRead`. */
  onUnread?(unread: Unread): void;
  /** The peer has sent FIN, or the connection is gone. @param error of the system, if that is why */
  onEnd(error?: unknown): void;
  /** Everything that was written has been taken by the kernel, which it was not at once. */
  onDrain(): void;
  /** Nothing has come or gone for the time that was set. */
  onTimeout(): void;
  /** A connection that is made has been established. */
  onConnect?(): void;
  /** Everything has been sent, FIN included. */
  onFinished?(connection: Connection): void;
  onClosed?(connection: Connection): void;
}

/** Who counts a connection without owning it. */
export interface ConnectionWatcher {
  onClosed(): void;
}

export interface Connection {
  owner: ConnectionOwner | undefined;
  watcher: ConnectionWatcher | undefined;
  readonly connecting: boolean;
  /** Gone: the descriptor is free, or will be at the end of this turn of the event loop. */
  readonly closed: boolean;
  /** Everything has been sent, FIN included. */
  readonly finished: boolean;
  /** Bytes written that the kernel has not taken yet. */
  readonly unsent: number;
  /** Undefined when not established, or reset. */
  readonly local: Endpoint | undefined;
  readonly remote: Endpoint | undefined;
  /** What the file limit looks at; undefined where it is not known. */
  readonly descriptor: number | undefined;
  /** @param sent the connection's until it has left @returns the bytes that are unsent then */
  write(sent: Sent): number;
  /**
   * Gives the kernel what it takes at once, when nothing waits before it. What is wrong with the connection is told later,
   * as after `write`.
   * @param bytes only looked at during the call
   * @returns how many bytes it has taken
   */
  writeNow(bytes: Uint8Array): number;
  pause(): void;
  resume(): void;
  /** Calls `onTimeout` after so many milliseconds without a byte either way; 0 = never. */
  setTimeout(milliseconds: number): void;
  /** Sends what waits, then FIN; closes when the peer has sent FIN, too. Goes on reading. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

/**
 * What a file is for Lua's `io`: bytes in and out, synchronously.
 *
 * Bytes that are returned are views that the next call may overwrite. Failures are thrown: FileError or the file
 * system's error.
 */
export type Whence = 'set' | 'cur' | 'end';
export type Buffering = 'no' | 'line' | 'full';

export interface LuaFile {
  readonly closed: boolean;
  /** The next line, undefined at the end. */
  readLine(keepEnd: boolean): Uint8Array | undefined;
  readAll(): Uint8Array;
  /** Up to `count` bytes, undefined at the end; with 0 an empty one before the end. */
  readCount(count: number): Uint8Array | undefined;
  /** The longest text that can begin a numeral, white space before it skipped. */
  readNumeral(): string;
  write(bytes: Uint8Array): void;
  /** @returns the new position, counted in bytes from the beginning */
  seek(whence: Whence, offset: number): number;
  flush(): void;
  setBuffering(buffering: Buffering): void;
  close(): void;
}

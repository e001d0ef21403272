/**
 * `io.stdout`, `io.stderr` and `io.stdin`. A daemon's output is its log: what a script writes there becomes lines of
 * `print`, one for each line that is complete; the rest waits for its end, for `flush`, or for the application's end.
 * There is no input: it is at its end from the beginning.
 */
import { EBADF, ESPIPE, FileError } from './file-error.js';
import type { LuaFile } from './lua-file.js';

/** A line that does not end is broken off here, bytes. */
const MAX_LINE = 65_536;
const LF = 0x0a;

export class ConsoleOutput implements LuaFile {
  readonly closed = false;
  readonly #print: (line: string) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  write(bytes: Uint8Array): void {
    let rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    for (let end = rest.indexOf(LF); end >= 0; end = rest.indexOf(LF)) {
      this.#print(rest.toString('utf8', 0, end));
      rest = rest.subarray(end + 1);
    }
    this.#rest = rest;
    if (rest.length >= MAX_LINE) this.flush();
  }

  flush(): void {
    if (this.#rest.length > 0) this.#print(this.#rest.toString());
    this.#rest = Buffer.alloc(0);
  }

  readLine = notReadable;
  readAll = notReadable;
  readCount = notReadable;
  readNumeral = notReadable;
  seek = notSeekable;

  setBuffering(): void {}

  close(): void {
    this.flush();
  }
}

export class ConsoleInput implements LuaFile {
  readonly closed = false;

  readLine(): undefined {}

  readCount(): undefined {}

  readAll(): Uint8Array {
    return new Uint8Array(0);
  }

  readNumeral(): string {
    return '';
  }

  write = notReadable;
  seek = notSeekable;

  flush(): void {}

  setBuffering(): void {}

  close(): void {}
}

function notReadable(): never {
  throw new FileError('Bad file descriptor', EBADF);
}

function notSeekable(): never {
  throw new FileError('Illegal seek', ESPIPE);
}

/**
 * An open file on the disk, with one buffer for reading and one for writing.
 *
 * Invariant: at most one of the two buffers holds bytes. `#offset` is where the system reads or writes next: behind what
 * is buffered for reading, in front of what waits to be written. Files that have no positions (pipes, devices) are read
 * and written in order.
 */
import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import { LuaError } from '../lua-error.js';
import { EBADF, EINVAL, ESPIPE, FileError } from './file-error.js';
import type { Buffering, LuaFile, Whence } from './lua-file.js';
import type { Mode } from './modes.js';
import { readNumeral } from './numeral.js';

const BUFFER_SIZE = 32_768;
const LF = 0x0a;
const EMPTY = Buffer.alloc(0);

export class DiskFile implements LuaFile {
  readonly #fd: number;
  readonly #mode: Mode;
  readonly #seekable: boolean;
  /** The most that one read may gather, bytes: the application's memory. */
  readonly #limit: number;
  #closed = false;
  #offset = 0;
  #buffering: Buffering = 'full';
  #input = EMPTY;
  #from = 0;
  #to = 0;
  #output = EMPTY;
  #pending = 0;

  /** @param fd taken over: it is closed with the file */
  constructor(fd: number, mode: Mode, limit: number) {
    this.#fd = fd;
    this.#mode = mode;
    this.#limit = limit;
    const stat = fstatSync(fd);
    this.#seekable = stat.isFile();
    if (mode.append && !mode.readable) this.#offset = stat.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  readLine(keepEnd: boolean): Uint8Array | undefined {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (this.#available()) {
      // One LF behind the bytes always ends the search.
      this.#input[this.#to] = LF;
      const at = this.#input.indexOf(LF, this.#from);
      if (at < this.#to) {
        const line = this.#input.subarray(this.#from, keepEnd ? at + 1 : at);
        this.#from = at + 1;
        return parts.length === 0 ? line : Buffer.concat([...parts, line]);
      }
      const part = this.#copy(this.#to - this.#from);
      parts.push(part);
      length += part.length;
      this.#checkLength(length);
    }
    return parts.length === 0 ? undefined : Buffer.concat(parts);
  }

  readAll(): Uint8Array {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (this.#available()) {
      const part = this.#copy(this.#to - this.#from);
      parts.push(part);
      length += part.length;
      this.#checkLength(length);
    }
    return Buffer.concat(parts);
  }

  readCount(count: number): Uint8Array | undefined {
    if (!this.#available()) return undefined;
    if (this.#to - this.#from >= count) return this.#take(count);
    const parts: Uint8Array[] = [];
    let length = 0;
    while (length < count && this.#available()) {
      const part = this.#copy(Math.min(count - length, this.#to - this.#from));
      parts.push(part);
      length += part.length;
      this.#checkLength(length);
    }
    return Buffer.concat(parts);
  }

  readNumeral(): string {
    return readNumeral({
      peek: () => (this.#available() ? (this.#input[this.#from] ?? -1) : -1),
      skip: () => {
        this.#from++;
      },
    });
  }

  write(bytes: Uint8Array): void {
    if (!this.#mode.writable) throw new FileError('Bad file descriptor', EBADF);
    this.#dropInput();
    if (this.#pending + bytes.length > BUFFER_SIZE || this.#buffering === 'no') this.flush();
    if (bytes.length >= BUFFER_SIZE || this.#buffering === 'no') return this.#writeOut(bytes);
    if (this.#output.length === 0) this.#output = Buffer.allocUnsafeSlow(BUFFER_SIZE);
    this.#output.set(bytes, this.#pending);
    this.#pending += bytes.length;
    if (this.#buffering === 'line' && bytes.includes(LF)) this.flush();
  }

  seek(whence: Whence, offset: number): number {
    this.flush();
    if (!this.#seekable) throw new FileError('Illegal seek', ESPIPE);
    const base = { set: 0, cur: this.#offset - (this.#to - this.#from), end: fstatSync(this.#fd).size }[
      whence
    ];
    if (base + offset < 0) throw new FileError('Invalid argument', EINVAL);
    this.#from = 0;
    this.#to = 0;
    this.#offset = base + offset;
    return this.#offset;
  }

  flush(): void {
    const pending = this.#pending;
    if (pending === 0) return;
    // What cannot be written is lost, as in C: keeping it would make every later write fail with it.
    this.#pending = 0;
    this.#writeOut(this.#output.subarray(0, pending));
  }

  setBuffering(buffering: Buffering): void {
    this.flush();
    this.#buffering = buffering;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.flush();
    } finally {
      closeSync(this.#fd);
    }
  }

  /** True when the input buffer holds a byte, now or after reading. */
  #available(): boolean {
    if (this.#from < this.#to) return true;
    if (!this.#mode.readable) throw new FileError('Bad file descriptor', EBADF);
    this.flush();
    if (this.#input.length === 0) this.#input = Buffer.allocUnsafeSlow(BUFFER_SIZE + 1);
    this.#from = 0;
    this.#to = 0;
    this.#to = readSync(this.#fd, this.#input, 0, BUFFER_SIZE, this.#seekable ? this.#offset : null);
    this.#offset += this.#to;
    return this.#to > 0;
  }

  #take(count: number): Buffer {
    this.#from += count;
    return this.#input.subarray(this.#from - count, this.#from);
  }

  #copy(count: number): Buffer {
    return Buffer.from(this.#take(count));
  }

  #dropInput(): void {
    this.#offset -= this.#to - this.#from;
    this.#from = 0;
    this.#to = 0;
  }

  #writeOut(bytes: Uint8Array): void {
    const { append } = this.#mode;
    for (let at = 0; at < bytes.length; ) {
      const position = this.#seekable && !append ? this.#offset : null;
      const written = writeSync(this.#fd, bytes, at, bytes.length - at, position);
      at += written;
      this.#offset += written;
    }
    if (append && this.#seekable) this.#offset = fstatSync(this.#fd).size;
  }

  #checkLength(length: number): void {
    if (length > this.#limit) throw new LuaError('not enough memory', false);
  }
}

/**
 * A WebAssembly module that begins with the memory that it needs, and not with the 16 MiB that emscripten asks for.
 *
 * None of it is real until it is used, but V8 counts it: with 16 MiB for every application and every reload it would
 * collect garbage once for each. The module is otherwise as it was; one that is laid out differently is left alone.
 */
const PAGE = 65_536;

/** Of heap, to begin with; it grows by itself. */
const FIRST_PAGES = 16;

const MEMORY_SECTION = 5;
const GLOBAL_SECTION = 6;
const I32_CONST = 0x41;

/** @returns a copy of `source`, or `source` itself */
export function withSmallMemory(source: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const memory = new Cursor(source, contentOf(source, MEMORY_SECTION));
  // One memory, and its limits: flags, then the pages at first.
  if (memory.unsigned() !== 1) return source;
  memory.unsigned();
  const at = memory.position;
  const asked = memory.unsigned();
  const wanted = Math.ceil(stackTop(source) / PAGE) + FIRST_PAGES;
  if (wanted <= FIRST_PAGES || wanted >= asked) return source;
  const copy = source.slice();
  // In as many bytes as before, so that everything else stays in its place.
  for (let i = at, rest = wanted; i < memory.position; i++, rest >>>= 7)
    copy[i] = (rest & 0x7f) | (i + 1 < memory.position ? 0x80 : 0);
  return copy;
}

/** Where static data and the C stack end: what the first global, the stack pointer, begins with. */
function stackTop(source: Uint8Array): number {
  const global = new Cursor(source, contentOf(source, GLOBAL_SECTION));
  global.unsigned();
  // Its type and whether it changes.
  global.skip(2);
  return global.byte() === I32_CONST ? global.unsigned() : 0;
}

/** Where the content of a section begins; the end of the source when there is none. */
function contentOf(source: Uint8Array, wanted: number): number {
  const cursor = new Cursor(source, 8);
  while (cursor.position < source.length) {
    const id = cursor.byte();
    const length = cursor.unsigned();
    if (id === wanted) return cursor.position;
    cursor.skip(length);
  }
  return source.length;
}

class Cursor {
  readonly #source: Uint8Array;
  position: number;

  constructor(source: Uint8Array, position: number) {
    this.#source = source;
    this.position = position;
  }

  byte(): number {
    return this.#source[this.position++] ?? 0;
  }

  /** LEB128, of at most 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  skip(count: number): void {
    this.position += count;
  }
}

/**
 * The bytes of a connection that the script has not consumed yet, and how new ones are joined to them.
 *
 *   #store  | free | rest = what onReception keeps | new bytes | room to grow |
 *                  ^#start                                     ^#end
 *
 * Invariant: without a rest, chunks pass through uncopied. With one, a chunk is copied once, behind the rest, so that
 * a message of n bytes that a script waits for costs O(n) here, not O(n²).
 */
export class Rest {
  #store: Buffer | undefined;
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** The rest with `chunk` behind it. The view is valid until the next call of a method. */
  join(chunk: Buffer): Buffer {
    if (this.#start === this.#end) return chunk;
    const store = this.#roomFor(chunk.length);
    store.set(chunk, this.#end);
    this.#end += chunk.length;
    return store.subarray(this.#start, this.#end);
  }

  /** Keeps the last `count` bytes of `joined`, which is what `join` returned. */
  keep(joined: Buffer, count: number): void {
    if (count === 0) {
      this.clear();
    } else if (this.#store !== undefined && joined.buffer === this.#store.buffer) {
      this.#start = this.#end - count;
    } else {
      this.begin(Buffer.from(joined.subarray(joined.length - count)));
    }
  }

  /** Keeps `bytes`, where nothing is kept. @param bytes its own memory, and this one's from now on */
  begin(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#store = bytes;
    this.#start = 0;
    this.#end = bytes.length;
  }

  clear(): void {
    this.#store = undefined;
    this.#start = 0;
    this.#end = 0;
  }

  #roomFor(count: number): Buffer {
    const store = this.#store;
    if (store && this.#end + count <= store.length) return store;
    const length = this.length;
    // Unpooled: `keep` tells its own store from a chunk by the ArrayBuffer.
    const grown = Buffer.allocUnsafeSlow(Math.max(1024, (length + count) * 2));
    if (store) store.copy(grown, 0, this.#start, this.#end);
    this.#store = grown;
    this.#start = 0;
    this.#end = length;
    return grown;
  }
}

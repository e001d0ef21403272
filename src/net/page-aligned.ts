/**
 * Memory that begins where a page of the machine does.
 *
 * Some processors – AMD's of today – take up to 20 times as long to copy to an address that lies 8 to 24 bytes behind
 * the source's, modulo 4,096. What the kernel has received begins at a page; a large block of the C library 16 bytes
 * behind one.
 */

/** Of WebAssembly, bytes: a multiple of what any machine has. */
const PAGE = 65_536;

/** The only memory without an address of the C library's choosing that JavaScript can have is WebAssembly's. */
export function pageAligned(size: number): Buffer {
  try {
    const pages = Math.ceil(size / PAGE);
    return Buffer.from(new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer, 0, size);
  } catch {
    // The process may not reserve addresses for it (ulimit -v): slower, and the same otherwise.
    return Buffer.allocUnsafeSlow(size);
  }
}

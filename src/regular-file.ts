/**
 * Reading files that somebody else puts there.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

const MIB = 1_048_576;

/** No source that a person wrote is as large, bytes. */
export const MOST_BYTES = 64 * MIB;

/**
 * A file, whole. Not a FIFO or a device: reading one would hold everybody up, without an end.
 * @throws the file system's error, or one like it that says what the file is
 */
export function readRegularFile(path: string): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw refusal('is not a file', path);
    if (stat.size > MOST_BYTES) throw refusal(`is larger than ${MOST_BYTES / MIB} MiB`, path);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function refusal(reason: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${path} ${reason}`), { code: 'EINVAL', path });
}

/**
 * Opening, removing and renaming within the bounds.
 *
 * A file is opened without following a link as its last component, so that one put there after the check is refused by
 * the kernel; a link that was there is resolved, checked, and its target opened the same way. Nothing here waits: a pipe
 * without a peer would stop the whole server, so files are opened non-blocking.
 */
import { closeSync, constants, lstatSync, openSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bounds, toBinary, toPath } from './bounds.js';
import { DiskFile } from './disk-file.js';
import type { Mode } from './modes.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;
const PERMISSIONS = 0o666;
const PRIVATE = 0o600;

/** @param limit the most that one read may gather, bytes @throws FileError, or the file system's error */
export function openFile(bounds: Bounds, name: string, mode: Mode, limit: number): DiskFile {
  return new DiskFile(openWithin(bounds, name, mode.flags | O_NONBLOCK), mode, limit);
}

function openWithin(bounds: Bounds, name: string, flags: number): number {
  const path = bounds.resolve(name);
  if (!bounds.bounded) return openSync(toPath(path), flags, PERMISSIONS);
  try {
    return openSync(toPath(path), flags | O_NOFOLLOW, PERMISSIONS);
  } catch (error) {
    if (!isLink(path)) throw error;
    return openSync(toPath(bounds.follow(path)), flags | O_NOFOLLOW, PERMISSIONS);
  }
}

function isLink(path: string): boolean {
  return lstatSync(toPath(path), { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** A file without a name, for reading and writing, in the system's folder for such; nobody else can open it. */
export function openTemporary(limit: number): DiskFile {
  const path = join(tmpdir(), `lua_${randomName()}`);
  const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
  const fd = openSync(path, flags, PRIVATE);
  unlinkSync(path);
  return new DiskFile(fd, { flags, readable: true, writable: true, append: false }, limit);
}

/** Makes an empty file, where the script may reach it, and @returns its absolute path. */
export function makeTemporary(bounds: Bounds): string {
  const name = `lua_${randomName()}`;
  const path = bounds.access === 'any' ? join(tmpdir(), name) : bounds.absolute(name);
  closeSync(
    openSync(toPath(bounds.resolve(toBinary(path))), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, PRIVATE),
  );
  return path;
}

/** A file, a link itself, or an empty folder. */
export function removeFile(bounds: Bounds, name: string): void {
  const path = toPath(bounds.resolve(name));
  if (lstatSync(path).isDirectory()) rmdirSync(path);
  else unlinkSync(path);
}

export function renameFile(bounds: Bounds, from: string, to: string): void {
  const source = bounds.resolve(from);
  renameSync(toPath(source), toPath(bounds.resolve(to)));
}

/** As in api/crypto.ts: loaded by the first who asks. */
function randomName(): string {
  return process.getBuiltinModule('node:crypto').randomBytes(8).toString('hex');
}

/**
 * The Lua sources of one version of an application: read from the disk and remembered, or given back as they were.
 *
 * What was looked for and not found is remembered, too: creating it changes the application. What the application
 * itself writes is its data, even if it is Lua and loaded again: it is read afresh each time, and changes nothing.
 */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Sources as LuaSources } from '../lua/sources.js';
import { readRegularFile } from '../regular-file.js';
import { MAIN } from './discovery.js';

interface Read {
  readonly bytes: Uint8Array;
  readonly stamp: string;
}

export class Sources implements LuaSources {
  readonly #read = new Map<string, Read>();
  readonly #missing = new Set<string>();
  readonly #written = new Set<string>();

  /** @param file absolute @throws the file system's error */
  read(file: string): Uint8Array {
    if (this.#written.has(file)) return readRegularFile(file);
    const known = this.#read.get(file);
    if (known) return known.bytes;
    const stamp = stampOf(file);
    if (stamp === undefined) this.#missing.add(file);
    const bytes = readRegularFile(file);
    this.#read.set(file, { bytes, stamp: stamp ?? '' });
    return bytes;
  }

  exists(file: string): boolean {
    if (this.#read.has(file)) return true;
    const there = stampOf(file) !== undefined;
    if (!there && !this.#written.has(file)) this.#missing.add(file);
    return there;
  }

  wrote(file: string): void {
    if (basename(file) === MAIN) return;
    this.#written.add(file);
    this.#read.delete(file);
    this.#missing.delete(file);
  }

  /** What the version before has written is data of this one, too. */
  inherit(before: Sources): void {
    for (const file of before.#written) this.wrote(file);
  }

  /** The files that were read. */
  get files(): string[] {
    return [...this.#read.keys()];
  }

  /**
   * True when `file` belongs to the application and is not as it was when it was read: another version. A change may be
   * reported twice, or late, when this version has it already.
   */
  concerns(file: string): boolean {
    const known = this.#read.get(file);
    if (known) return (stampOf(file) ?? '') !== known.stamp;
    return this.#missing.has(file) && stampOf(file) !== undefined;
  }

  /** The first file that is not as it was when it was read. */
  firstChanged(): string | undefined {
    for (const [file, { stamp }] of this.#read) if ((stampOf(file) ?? '') !== stamp) return file;
    for (const file of this.#missing) if (stampOf(file) !== undefined) return file;
    return undefined;
  }
}

function stampOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat?.isFile() ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : undefined;
}

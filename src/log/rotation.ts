/**
 * The names of the log files, and their rotation: NAME.0 → NAME.1 → … up to the highest number, and that one goes.
 *
 * Knows nothing of what is open or written. Invariant: no file takes the place of another that is to be kept, as
 * the oldest is moved first.
 */
import { promises } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './target.js';

export interface LogFilesOptions {
  readonly directory: string;
  /** The file written to is NAME.0. */
  readonly name: string;
  /** Bytes of one file. */
  readonly size: number;
  /** The highest number that a file is kept under. */
  readonly files: number;
}

/** The path of the log file with that number; 0 is the one written to. */
export function pathOf({ directory, name }: LogFilesOptions, number: number): string {
  return join(directory, `${name}.${number}`);
}

/** Moves every file one number up, so that there is no NAME.0. Rejects with the system's error. */
export async function shiftFiles(options: LogFilesOptions): Promise<void> {
  if (options.files === 0) await unlessMissing(promises.unlink(pathOf(options, 0)));
  for (let number = options.files; number > 0; number--) {
    await unlessMissing(promises.rename(pathOf(options, number - 1), pathOf(options, number)));
  }
}

async function unlessMissing(change: Promise<void>): Promise<void> {
  await change.catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
}

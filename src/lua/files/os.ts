/**
 * The functions of `os` that reach outside of the VM: files, the environment, the processor's time. `time`, `date` and
 * `difftime` are Lua's own: they read the real clock and the local time zone.
 */

import { checkString, orFailure } from '../arguments.js';
import type { HostFunction } from '../host-calls.js';
import type { Stack } from '../stack.js';
import { type Bounds, toText } from './bounds.js';
import { makeTemporary, removeFile, renameFile } from './opening.js';

export interface OsContext {
  readonly stack: Stack;
  readonly bounds: Bounds;
  /** Told the absolute path of each file that a rename has made. */
  wrote(file: string): void;
}

export function osFunctions({ stack, bounds, wrote }: OsContext): Readonly<Record<string, HostFunction>> {
  return {
    remove: () => {
      const name = checkString(stack, 1, 'remove');
      return done(() => removeFile(bounds, name), name);
    },
    rename: () => {
      const from = checkString(stack, 1, 'rename');
      const to = checkString(stack, 2, 'rename');
      return done(() => {
        renameFile(bounds, from, to);
        wrote(bounds.absolute(to));
      }, from);
    },
    tmpname: () => orFailure(stack, () => stack.pushText(makeTemporary(bounds))),
    getenv: () => stack.pushText(process.env[toText(checkString(stack, 1, 'getenv'))]),
    clock: () => {
      const { user, system } = process.cpuUsage();
      return stack.pushFloat((user + system) / 1e6);
    },
  };

  function done(work: () => void, name: string): number {
    return orFailure(
      stack,
      () => {
        work();
        return stack.pushBoolean(true);
      },
      toText(name),
    );
  }
}

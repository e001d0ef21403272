/**
 * Which applications there are: every folder with a main.lua, at any depth, and what each is called.
 *
 * It reads folders and knows nothing of VMs. Hidden folders and node_modules are passed over.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CumulusError, messageOf } from '../errors.js';
import { BEHIND_LINKS, refusalOfLink } from './links.js';

export const MAIN = 'main.lua';

/** Where an application is, and how it is named. */
export interface Place {
  /** "" for the root, "/Games/myGame" for www/Games/myGame. */
  readonly path: string;
  /** Absolute. */
  readonly folder: string;
  /** The folder as messages show it: "www/Games/myGame". */
  readonly shown: string;
}

/** Further ones are not looked at: somebody has linked a disk, or keeps data there. */
const MOST_FOLDERS = 20_000;

/** Told of a folder that is not looked into: whatever is in it is not found. `isMeant`: that is no fault of the folder. */
export type OnUnreadable = (folder: Place, reason: string, isMeant?: boolean) => void;

/**
 * The applications under `root`, parents before children, siblings by name.
 * @param root absolute; its last component begins every shown name
 */
export function discover(root: string, onUnreadable: OnUnreadable = () => {}): Place[] {
  return folders(root, onUnreadable).filter(isApplication);
}

export function isApplication({ folder }: Place): boolean {
  return existsSync(join(folder, MAIN));
}

/** Whether it is not there any more. One that may not be looked at is still there. */
export function isGone({ folder }: Place): boolean {
  try {
    return statSync(join(folder, MAIN), { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

/** `root` and every folder below it that may be an application, in the same order. */
export function folders(root: string, onUnreadable: OnUnreadable): Place[] {
  const places: Place[] = [];
  let full = false;
  visit({ path: '', folder: root, shown: basename(root) });
  return places;

  function visit(place: Place): void {
    if (full) return;
    if (places.length === MOST_FOLDERS) {
      full = true;
      return onUnreadable(place, `there are ${MOST_FOLDERS} folders before it`);
    }
    const refusal = refusalOfLink(root, place.folder);
    if (refusal === BEHIND_LINKS) return;
    if (refusal !== undefined) return onUnreadable(place, refusal, true);
    places.push(place);
    try {
      for (const name of foldersIn(place.folder)) visit(childOf(place, name));
    } catch (error) {
      // Deleted since the folder above was listed: it is as if it had not been there.
      const gone = place.path !== '' && (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!gone) onUnreadable(place, messageOf(error));
    }
  }
}

/**
 * The folder of the applications.
 * @param placeOf where the configuration names it, for the message
 * @throws CumulusError CONFIG
 */
export function checkRoot(root: string, placeOf: (section: string, key: string) => string): void {
  const problem = problemOfRoot(root);
  if (problem !== undefined)
    throw new CumulusError('CONFIG', `${placeOf('applications', 'path')}: ${root} ${problem}`);
}

function problemOfRoot(root: string): string | undefined {
  if (!isFolder(root)) return 'is not a folder; create it with a main.lua in it';
  try {
    readdirSync(root);
    return undefined;
  } catch (error) {
    return `cannot be read (${messageOf(error)}); give the user that runs the server the right to`;
  }
}

function childOf(place: Place, name: string): Place {
  return {
    path: `${place.path}/${name}`,
    folder: join(place.folder, name),
    shown: `${place.shown}/${name}`,
  };
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !isPassedOver(name))
    .filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(folder, entry.name))))
    .map((entry) => entry.name)
    .sort();
}

/** A folder of this name is no application, and nothing in it is. */
export function isPassedOver(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules';
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // A link that leads nowhere, or round.
    return false;
  }
}

/** "/" for the root, as log lines name it. */
export function titleOf(path: string): string {
  return path === '' ? '/' : path;
}

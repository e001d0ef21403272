/**
 * Which applications there are: every folder with a main.lua, at any depth, and what each is called.
 *
 * It reads folders and knows nothing of VMs. Hidden folders and node_modules are passed over.
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';

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

/**
 * The applications under `root`, parents before children, siblings by name.
 * @param root absolute; its last component begins every shown name
 */
export function discover(root: string): Place[] {
  const places: Place[] = [];
  visit({ path: '', folder: root, shown: basename(root) }, new Set());
  return places;

  function visit(place: Place, above: ReadonlySet<string>): void {
    const real = realpathSync(place.folder);
    // A link to a folder above would go round for ever.
    if (above.has(real)) return;
    if (existsSync(join(place.folder, MAIN))) places.push(place);
    const within = new Set(above).add(real);
    for (const name of foldersIn(place.folder)) visit(childOf(place, name), within);
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
    .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(folder, entry.name))))
    .map((entry) => entry.name)
    .sort();
}

function isFolder(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}

/** "/" for the root, as log lines name it. */
export function titleOf(path: string): string {
  return path === '' ? '/' : path;
}

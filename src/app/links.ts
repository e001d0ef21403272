/**
 * Which links to folders are followed below the folder of the applications: those that do not lead to where they are in,
 * by which one would go round for ever, or through the whole disk.
 */
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, relative } from 'node:path';

/** @returns why the link is not followed; undefined: it is, or `path` is the root or no link to a folder */
export function refusalOfLink(root: string, path: string): string | undefined {
  const below = relative(root, path);
  if (below === '' || below.startsWith('..')) return undefined;
  try {
    if (!lstatSync(path).isSymbolicLink() || !statSync(path).isDirectory()) return undefined;
    const target = realpathSync(path);
    const isAround = foldersAbove(root, path).some((folder) => isWithin(realpathSync(folder), target));
    return isAround ? `a link to ${target}, which it is in` : undefined;
  } catch {
    // Gone meanwhile, or it leads nowhere.
    return undefined;
  }
}

/** As they are named, the root included: a link among them is one of the ways round. */
function foldersAbove(root: string, path: string): string[] {
  const folders = [];
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder))
    folders.push(folder);
  return [...folders, root];
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);
}

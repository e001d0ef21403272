/**
 * Which links to folders are followed below the folder of the applications. Not those that lead to where they are in, by
 * which one would go round for ever; and behind a link, no long way to what is elsewhere as well.
 */
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, relative } from 'node:path';

/** Links on the way to a folder. */
const MOST_LINKS = 3;

/** Not worth a word: the folder that was linked is seldom the operator's to mend. */
export const BEHIND_LINKS = 'a link behind others';

/** @returns why the link is not followed; undefined: it is, or `path` is the root or no link to a folder */
export function refusalOfLink(root: string, path: string): string | undefined {
  const below = relative(root, path);
  if (below === '' || below.startsWith('..')) return undefined;
  try {
    if (!isLink(path) || !statSync(path).isDirectory()) return undefined;
    return refusalOf(realpathSync(path), root, foldersAbove(root, path));
  } catch (error) {
    // Gone meanwhile, or it leads nowhere.
    return (error as NodeJS.ErrnoException).code === 'ELOOP' ? 'a link that leads to itself' : undefined;
  }
}

/** @param above the folders between the root and the link, as they are named */
function refusalOf(target: string, root: string, above: readonly string[]): string | undefined {
  const around = [root, ...above].some((folder) => isWithin(realpathSync(folder), target));
  const links = above.filter(isLink).length;
  if (links + 1 > MOST_LINKS || (links > 0 && (around || isWithin(target, realpathSync(root)))))
    return BEHIND_LINKS;
  return around ? `a link to ${target}, which it is in` : undefined;
}

function foldersAbove(root: string, path: string): string[] {
  const folders = [];
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder))
    folders.push(folder);
  return folders;
}

function isLink(path: string): boolean {
  return lstatSync(path).isSymbolicLink();
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);
}

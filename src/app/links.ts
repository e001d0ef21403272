/**
 * Which links to folders are followed below the folder of the applications: one that is not reached through another
 * one, and that does not lead to where it is in. Others go round for ever, or through the whole disk.
 */
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** What is not worth a word: the folder that was linked is not the operator's to mend. */
export const NESTED = 'a link in a folder that is linked itself';

/** @returns why the link is not followed; undefined: it is, or `path` is no link to a folder */
export function refusalOfLink(root: string, path: string): string | undefined {
  try {
    if (!lstatSync(path).isSymbolicLink() || !statSync(path).isDirectory()) return undefined;
    const real = realpathSync(root);
    const parent = realpathSync(dirname(path));
    if (parent !== join(real, relative(root, dirname(path)))) return NESTED;
    const target = realpathSync(path);
    return isWithin(parent, target) ? `a link to ${target}, which it is in` : undefined;
  } catch {
    // Gone meanwhile, or it leads nowhere.
    return undefined;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);
}

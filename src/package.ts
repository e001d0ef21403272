/**
 * Where the package's own files are: its version, the Lua sources, the examples. Found from here, because the build
 * joins the modules into other files in other folders.
 */
import { existsSync } from 'node:fs';

/** The nearest folder above this code that has a package.json. */
export const PACKAGE_ROOT: URL = nearest(new URL('.', import.meta.url));

function nearest(folder: URL): URL {
  if (existsSync(new URL('package.json', folder))) return folder;
  return nearest(new URL('..', folder));
}

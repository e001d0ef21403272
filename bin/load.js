// @ts-check
/**
 * Loads the parts of the build, and for each what V8 has made of it before: compiling is a third of the start.
 *
 * `dist/NAME.cjs` is the source, `dist/NAME.cache` V8's code for it, written by the build (src/build/precompile.js).
 * V8 refuses code of another version of itself or from a source of another length; the source is compiled then, as it
 * is when there is no code. Who edits a part by hand removes its code. CommonJS, because Node takes no such code for ES
 * modules.
 */
'use strict';

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const FOLDER = join(__dirname, '../dist/');

/** @type {Map<string, { script: Script, module: { exports: any } }>} */
const loaded = new Map();

/**
 * @param {string} name of a file in dist/
 * @returns {any} what it exports
 */
function load(name) {
  const known = loaded.get(name);
  if (known) return known.module.exports;
  const filename = join(FOLDER, name);
  const code = read(filename.replace(/cjs$/, 'cache'));
  const source = `(function (exports, require, module, __filename, __dirname) { ${readFileSync(filename, 'utf8')}\n})`;
  // V8's code keeps the name: where the package was built says nothing where it runs.
  const script = new Script(source, {
    filename: `cumulus-server/dist/${name}`,
    ...(code && { cachedData: code }),
  });
  const module = { exports: {} };
  loaded.set(name, { script, module });
  script.runInThisContext()(module.exports, requireFrom, module, filename, FOLDER);
  return module.exports;
}

/** @param {string} id */
function requireFrom(id) {
  return id.startsWith('./') ? load(id.slice(2)) : require(id);
}

/** @param {string} filename */
function read(filename) {
  try {
    return readFileSync(filename);
  } catch {
    return undefined;
  }
}

module.exports = { FOLDER, load, loaded };

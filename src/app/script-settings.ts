/**
 * The configuration as scripts see it.
 */
import { basename, extname } from 'node:path';
import { type Config, scriptConfigs } from '../config.js';
import type { ScriptSettings } from '../lua/api/context.js';
import { LuaTable } from '../lua/table.js';

export function scriptSettings(config: Config): ScriptSettings {
  const configs = scriptConfigs(config);
  addApplication(configs, config);
  return { configs, root: binary(config.applications.path) };
}

/**
 * `cumulus.configs.application`: where the server is. In the original these describe its executable, beside which
 * are the ini and www/; here, the ini. What the file itself says in an `[application]` section comes first.
 */
function addApplication(configs: LuaTable, { file, directory }: Config): void {
  const table = configs.entries.get('application') ?? new LuaTable();
  if (!(table instanceof LuaTable)) return;
  const folder = directory.endsWith('/') ? directory : `${directory}/`;
  const name = basename(file, extname(file));
  const known = { path: folder + name, name, baseName: name, dir: folder, configDir: folder };
  for (const [key, text] of Object.entries(known)) {
    if (!table.entries.has(key)) table.entries.set(key, binary(text));
  }
  configs.entries.set('application', table);
}

function binary(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

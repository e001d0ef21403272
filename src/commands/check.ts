/**
 * `cumulus-server check`: everything that is wrong with a configuration and its applications, without running any.
 */
import { existsSync } from 'node:fs';
import { checkApplications } from '../app/check.js';
import { describeConfig, loadConfig } from '../config.js';
import { CumulusError } from '../errors.js';

export interface CheckOptions {
  readonly config: string;
  readonly verbose?: boolean;
}

export interface CheckResult {
  readonly good: boolean;
  /** What was found, for people. */
  readonly report: string;
}

/** @throws CumulusError CONFIG when the configuration itself is wrong */
export async function check({ config: file, verbose }: CheckOptions): Promise<CheckResult> {
  const { config, warnings } = loadConfig(file);
  const { path, required } = config.applications;
  if (!existsSync(path)) {
    throw new CumulusError('CONFIG', `${config.file}: [applications] path: ${path} is not a folder`);
  }
  const { applications, files, problems } = await checkApplications(path, config.lua.version);
  const missing = required
    .filter((wanted) => !applications.includes(wanted))
    .map((wanted) => `${config.file}: [applications] required: there is no application ${wanted || '/'}`);
  const found = [...problems, ...missing];
  const lines = [
    ...(verbose ? [describeConfig(config), ''] : []),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...found.map((problem) => `error: ${problem}`),
    `${config.file}: ${applications.length} applications, ${files} Lua files, ${found.length} errors, ${warnings.length} warnings`,
  ];
  return { good: found.length === 0, report: `${lines.join('\n')}\n` };
}

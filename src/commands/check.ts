/**
 * `cumulus-server check`: everything that is wrong with a configuration and its applications, without running any.
 */
import { checkApplications } from '../app/check.js';
import { checkRoot, titleOf } from '../app/discovery.js';
import { describeConfig, loadConfig } from '../config.js';
import { counted } from '../counted.js';

export interface CheckOptions {
  readonly config: string;
  readonly verbose?: boolean;
}

export interface CheckResult {
  readonly good: boolean;
  /** What was found, for people. */
  readonly report: string;
}

/** @throws CumulusError CONFIG when the configuration itself is wrong: nothing else can be looked at then */
export async function check({ config: file, verbose }: CheckOptions): Promise<CheckResult> {
  const { config, warnings: typos, placeOf } = loadConfig(file);
  const { path, required } = config.applications;
  checkRoot(path, placeOf);
  const {
    applications,
    files,
    problems,
    warnings: passedOver,
  } = await checkApplications(path, config.lua.version);
  const missing = required
    .filter((wanted) => !applications.includes(wanted))
    .map((wanted) => `${placeOf('applications', 'required')}: there is no application ${titleOf(wanted)}`);
  const errors = [...missing, ...problems];
  const warnings = [...typos, ...passedOver];
  const counts = [
    counted(applications.length, 'application'),
    counted(files, 'Lua file'),
    counted(errors.length, 'error'),
    counted(warnings.length, 'warning'),
  ];
  const lines = [
    ...(verbose ? [describeConfig(config), ''] : []),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...errors.map((problem) => `error: ${problem}`),
    `${config.file}: ${counts.join(', ')}`,
  ];
  return { good: errors.length === 0, report: `${lines.join('\n')}\n` };
}

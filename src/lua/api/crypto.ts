/**
 * `cumulus:md5(…)` and `cumulus:sha256(…)`: a digest, as bytes, for each argument.
 * Specification: reference-behaviour.md, "Applications and scripts".
 */
import type { ApiContext, Functions } from './context.js';

export function cryptoFunctions(api: ApiContext): Functions {
  return { md5: () => digests(api, 'md5'), sha256: () => digests(api, 'sha256') };
}

/** What is no string is nil in the results, with an ERROR: the results stay in the arguments' places. */
function digests({ stack, log }: ApiContext, algorithm: 'md5' | 'sha256'): number {
  // Loaded by the first who asks: it is a fiftieth of the start.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const last = stack.count;
  stack.reserve(last);
  for (let i = 2; i <= last; i++) {
    const bytes = stack.bytes(i);
    if (bytes) {
      stack.pushBytes(createHash(algorithm).update(bytes).digest());
    } else {
      log.atCaller('error', `${algorithm}: argument ${i - 1} is ${stack.describe(i)}: must be a string`);
      stack.pushText(undefined);
    }
  }
  return last - 1;
}

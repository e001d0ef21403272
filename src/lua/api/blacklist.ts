/**
 * `cumulus:addToBlacklist(ip…)` and `cumulus:removeFromBlacklist(ip…)`, for all applications of the server.
 */
import type { ApiContext, Functions } from './context.js';

export function blacklistFunctions(api: ApiContext): Functions {
  const { blacklist } = api.network;
  return {
    addToBlacklist: () => forEach(api, 'addToBlacklist', (ip) => blacklist.add(ip)),
    removeFromBlacklist: () => forEach(api, 'removeFromBlacklist', (ip) => blacklist.remove(ip)),
  };
}

/** One ERROR for each argument that is no address; the others take effect. */
function forEach(
  { stack, log }: ApiContext,
  name: string,
  change: (ip: string) => string | undefined,
): number {
  for (let i = 2, last = stack.count; i <= last; i++) {
    const problem = stack.isString(i)
      ? change(stack.text(i) ?? '')
      : `${stack.describe(i)} is no IP address: must be a string`;
    if (problem !== undefined) log.atCaller('error', `${name}: ${problem}`);
  }
  return 0;
}

/**
 * What a script asks about where it runs: `cumulus.epochTime`, `cumulus.publicAddress`, `cumulus:absolutePath(path)`.
 * Specification: reference-behaviour.md, "Applications and scripts".
 */
import type { ApiContext, Functions } from './context.js';

export function environmentFunctions({ stack, settings }: ApiContext): Functions {
  return {
    absolutePath: () => stack.pushBinary(absolutePath(settings.root, stack.binary(2) ?? '')),
  };
}

export function environmentProperties({ stack, settings }: ApiContext): Functions {
  const { configs } = settings;
  return {
    epochTime: () => stack.pushNumber(Date.now()),
    publicAddress: () => {
      const address = configs.entries.get('publicAddress');
      return stack.pushBinary(typeof address === 'string' ? address : '');
    },
  };
}

/** "/app" → "<root>/app/", "" → "<root>/"; a path without its slash, which the original glued on, gets one. */
function absolutePath(root: string, path: string): string {
  return path === '' || path.startsWith('/') ? `${root}${path}/` : `${root}/${path}/`;
}

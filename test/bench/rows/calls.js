// @ts-check
/**
 * A call of a function of another application, compared with a call of one of its own.
 */
import { ask } from '../harness/client.js';
import { appSource, startOurs } from '../harness/servers.js';

/** @type {import('../types.js').Row[]} */
export const callRows = [
  {
    name: 'calls',
    work: 'call across applications',
    measure: 'time per call',
    unit: 'µs',
    reference: 'call of its own',
    target: { of: 'figure', atMost: 5 },
    async round(context) {
      const files = { 'main.lua': appSource('calls'), 'kid/main.lua': appSource('calls/kid') };
      const server = await startOurs({ context, files });
      try {
        if ((await ask(server.port, 'kid 1')) === 'none')
          return { skipped: 'applications do not see each other' };
        const own = await timePerCall(server.port, 'own', 1_000_000);
        const across = await timePerCall(server.port, 'kid', 100_000);
        return { ours: { figure: across }, bare: { figure: own }, ratio: across / own };
      } finally {
        await server.stop();
      }
    },
  },
];

/** @param {number} port @param {'own' | 'kid'} whose @param {number} count @returns microseconds */
async function timePerCall(port, whose, count) {
  await ask(port, `${whose} 10000`);
  const start = performance.now();
  await ask(port, `${whose} ${count}`);
  return ((performance.now() - start) / count) * 1000;
}

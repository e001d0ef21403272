// @ts-check
/** What must hold at the end of a soak. Knows figures only. */
import { growthOf } from './harness/levels.js';

/**
 * @typedef {object} Facts
 * @property {import('./types.js').LoadFigures} load
 * @property {import('./types.js').Report['levels']} levels
 * @property {readonly unknown[]} exits exit codes of the daemons
 * @property {readonly string[]} edits what went wrong when scripts were saved
 * @property {readonly string[]} mails what is wrong in the ledger
 * @property {{ readonly unexpected: readonly string[] }} log
 * @property {Readonly<Record<string, number>>} machines Lua machines that each daemon should have
 * @property {boolean} shortened ended early: not everything need have been tried
 */

/** Each kind of load, and what it must at least have done. */
const WORK = /** @type {const} */ ({
  echo: 'messages',
  chat: 'lines heard',
  udp: 'datagrams',
  counter: 'answers',
  lines: 'answers',
  mail: 'confirmed',
  loops: 'ended',
  bombs: 'ended',
  orphans: 'TCP sockets',
});

/** @param {Facts} facts @returns {import('./types.js').Check[]} */
export function checksOf({ load, levels, exits, edits, mails, log, machines, shortened }) {
  const idle = Object.entries(WORK).filter(([name, what]) => !load.activities[name]?.counts[what]);
  const more = load.failed > load.failures.length ? [`${load.failed} in all`] : [];
  const machinesWrong = levels.filter(
    ({ daemon, after }) => (after.objects['LuaVm'] ?? 0) !== machines[daemon],
  );
  return [
    check('nothing was lost, changed or refused', [...load.failures, ...more]),
    check('no datagram was lost', lostDatagrams(load)),
    check('each mail was settled once, as the SMTP server saw it', mails),
    check('each edit took effect', edits),
    check('loops and bombs were ended where they were', endedEarly(load)),
    check('all kinds of load have worked', shortened ? [] : idle.map(([name]) => name)),
    ...levels.map(({ daemon, before, after }) =>
      check(`the daemon "${daemon}" is back at its level`, growthOf(before, after)),
    ),
    check(
      'each application has one Lua machine',
      machinesWrong.map(
        ({ daemon, after }) => `${daemon}: ${after.objects['LuaVm']}, not ${machines[daemon]}`,
      ),
    ),
    check('the log has nothing but what was provoked', log.unexpected),
    check(
      'the daemons have stopped in order',
      exits.filter((code) => code !== 0).map((code) => `exit ${code}`),
    ),
  ];
}

/** @param {string} name @param {readonly string[]} wrong @returns {import('./types.js').Check} */
function check(name, wrong) {
  return { name, ok: wrong.length === 0, detail: wrong.join('\n') };
}

/** It may happen; an application that does not come to itself after trouble is another thing. */
const MOST_ENDED_EARLY = 0.1;

/** @param {import('./types.js').LoadFigures} load */
function endedEarly({ activities }) {
  return ['loops', 'bombs'].flatMap((name) => {
    const { ended = 0, 'ended before they began': early = 0 } = activities[name]?.counts ?? {};
    return early > 1 + ended * MOST_ENDED_EARLY
      ? [`${name}: ${early} of ${ended} before they had begun`]
      : [];
  });
}

/** The kernel drops datagrams when a socket's buffer is full, and says so. @param {import('./types.js').LoadFigures} load */
function lostDatagrams(load) {
  const { lost = 0, late = 0, 'dropped by the kernel': dropped = 0 } = load.activities['udp']?.counts ?? {};
  return lost - late > dropped ? [`${lost - late} lost, of which the kernel has dropped ${dropped}`] : [];
}

// @ts-check
/** The report as text for people. */

const MIB = 1_048_576;

/** @typedef {import('./types.js').Report} Report @typedef {import('./types.js').Level} Level */

/** @param {Report} report */
export function textOf({ seconds, seed, lua, load, counts, levels, checks, trouble }) {
  const failed = checks.filter(({ ok }) => !ok);
  const unknown =
    levels.length === 0 ? ['ended before it was warm: there is no level to compare with', ''] : [];
  return [
    `soak of ${seconds.toFixed(0)} s, seed ${seed}, Lua ${lua}`,
    '',
    ...table(['load', 'p50 ms', 'p99 ms', 'max ms', ''], activityRows(load)),
    '',
    ...Object.entries(counts).map(([name, count]) => `${name}: ${count}`),
    '',
    ...unknown,
    ...levels.flatMap(({ daemon, before, after }) => [
      ...table([`daemon "${daemon}"`, 'warm', 'end'], levelRows(before, after)),
      '',
    ]),
    ...checks.map(({ name, ok }) => `${ok ? 'ok    ' : 'FAILED'} ${name}`),
    '',
    ...failed.map(({ name, detail }) => `${name}:\n${indented(detail)}`),
    ...(failed.length > 0 ? ['the newest trouble in the log:', indented(trouble.join('\n'))] : []),
    failed.length === 0 ? 'PASSED' : `FAILED: ${failed.map(({ name }) => name).join('; ')}`,
  ].join('\n');
}

/** @param {import('./types.js').LoadFigures} load */
function activityRows({ activities }) {
  return Object.entries(activities).map(([name, { counts, latency }]) => [
    name,
    ...[latency.p50, latency.p99, latency.max].map((us) => (us > 0 ? (us / 1000).toFixed(1) : '–')),
    Object.entries(counts)
      .map(([what, count]) => `${count} ${what}`)
      .join(', '),
  ]);
}

/** @param {Level} before @param {Level} after */
function levelRows(before, after) {
  const kinds = /** @type {const} */ (['descriptors', 'resources', 'objects', 'lua']);
  const memory = /** @type {const} */ (['heap', 'arrayBuffers', 'external', 'rss']);
  return [
    ...memory.map((key) => [`${key} MiB`, mib(before[key]), mib(after[key])]),
    ['registry slots', `${before.slots}`, `${after.slots}`],
    ...kinds.flatMap((kind) =>
      [...new Set([...Object.keys(before[kind]), ...Object.keys(after[kind])])].map((name) => [
        `${NAMES[kind]} ${name}`,
        `${before[kind][name] ?? 0}`,
        `${after[kind][name] ?? 0}`,
      ]),
    ),
  ];
}

const NAMES = { descriptors: 'descriptors:', resources: 'handles:', objects: 'objects:', lua: 'Lua KiB:' };

/** @param {number} bytes */
function mib(bytes) {
  return (bytes / MIB).toFixed(1);
}

/**
 * Figures stand at the right; the first column and one without a head are text.
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function table(head, rows) {
  const lines = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)));
  const padded = (/** @type {string} */ cell, /** @type {number} */ i) => {
    const width = widths[i] ?? 0;
    return i === 0 || head[i] === '' ? cell.padEnd(width) : cell.padStart(width);
  };
  return lines.map((line) => line.map(padded).join('  ').trimEnd());
}

/** @param {string} text */
function indented(text) {
  return text.replace(/^/gm, '  ');
}

/**
 * What calls between applications cost: `npm run build && node test/bench/tree.js [5.4|5.1]`.
 *
 * Two applications on a temporary folder, run by the built program; each line is the median of 5 rounds, nanoseconds of
 * CPU time a call, and what it costs more than the same call inside one application.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROUNDS = 5;
const CALLS = 100_000;
const WORK = [
  // name, set up, what is done
  ['call, no arguments', 'local f = FN', 'f()'],
  ['call, 2 numbers, 1 result', 'local f = FN2', 'f(1, 2)'],
  ['call, a string of 64 bytes', 'local f, s = FN2, ("x"):rep(64)', 'f(s, s)'],
  ['kid.answer(2)', '', 'KID.answer(2)'],
  ['read a field', 'local t = DATA', 'local _ = t.name'],
  ['write a field', 'local t = DATA', 't.name = 5'],
  ['pass a new table', 'local f = FN2', 'f({})'],
  ['pass a new function', 'local f = FN2', 'f(function() end)'],
  ["read a parent's global", '', 'local _ = GLOBAL'],
  ['a name that nobody has', '', 'local _ = nobody'],
  ['next of a plain table', 'local t = { 1 }', 'next(t)'],
  ['pairs of a plain table', 'local t = { 1 }', 'for _ in pairs(t) do end'],
];
const LOCAL = { FN: 'own', FN2: 'own2', KID: '_G', DATA: 'own_data', GLOBAL: 'own_global' };
const REMOTE = { FN: 'super.own', FN2: 'super.own2', KID: 'super', DATA: 'super.own_data', GLOBAL: 'there' };

const SHARED = `
  function own() end
  function own2(a, b) return a end
  function answer(x) return x end
  own_data = { name = 'n' }
  own_global = 1
`;

const BIN = fileURLToPath(new URL('../../bin/cumulus-server.js', import.meta.url));

function script(names, mark, global) {
  const fill = (text) => text.replace(/\b(FN2?|KID|DATA|GLOBAL)\b/g, (name) => names[name]);
  const works = WORK.map(
    ([, setUp, what]) =>
      `function() ${fill(setUp)} local t0 = clock() for _ = 1, ${CALLS} do ${fill(what)} end return clock() - t0 end`,
  );
  return `
    local clock, NOTE = os.clock, NOTE
    ${SHARED} ${global}
    local works = { ${works.join(',\n')} }
    for round = 1, ${ROUNDS} do
      for i, work in ipairs(works) do NOTE('bench ${mark} ', i, ' ', work() * 1e9 / ${CALLS}) end
    end
    NOTE('bench ${mark} done')
  `;
}

async function measure(folder) {
  const times = new Map();
  const child = spawn(process.execPath, [BIN, '--config', join(folder, 'CumulusServer.ini')]);
  child.stderr.pipe(process.stderr);
  for await (const line of createInterface({ input: child.stdout })) {
    const [, mark, what, ns] = /bench (\w+) (\w+) ?(\S*)/.exec(line) ?? [];
    if (ns) times.set(`${mark} ${what}`, [...(times.get(`${mark} ${what}`) ?? []), Number(ns)]);
    if (mark === 'across' && what === 'done') child.kill();
  }
  return times;
}

const folder = mkdtempSync(join(tmpdir(), 'cumulus-bench-'));
mkdirSync(join(folder, 'www/kid'), { recursive: true });
writeFileSync(join(folder, 'www/main.lua'), script(LOCAL, 'inside', 'there = 1'));
writeFileSync(join(folder, 'www/kid/main.lua'), script(REMOTE, 'across', ''));
writeFileSync(
  join(folder, 'CumulusServer.ini'),
  `[lua]\nversion=${process.argv[2] ?? '5.4'}\ntimeout=0\nabort=0\n[reload]\nenabled=false\n`,
);
const times = await measure(folder);
rmSync(folder, { recursive: true });

const median = (values = []) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
console.log('ns of CPU time a call            inside  across    more');
for (const [i, [name]] of WORK.entries()) {
  const inside = median(times.get(`inside ${i + 1}`));
  const across = median(times.get(`across ${i + 1}`));
  const show = (n) => n.toFixed(0).padStart(7);
  console.log(`${name.padEnd(30)} ${show(inside)} ${show(across)} ${show(across - inside)}`);
}

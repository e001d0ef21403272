/**
 * What calls between applications cost: `npm run build && node test/bench/tree.js [5.4|5.1]`.
 *
 * Two applications on a temporary folder; each line is the median of 5 rounds, nanoseconds a call, and what it costs
 * more than the same call inside one application.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../dist/config.js';
import { Server } from '../../dist/server.js';

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
  there = 1
`;

function script(names, mark) {
  const fill = (text) => text.replace(/\b(FN2?|KID|DATA|GLOBAL)\b/g, (name) => names[name]);
  const rounds = WORK.map(
    ([, setUp, what], i) =>
      `do ${fill(setUp)} NOTE('${mark} ${i}') for _ = 1, ${CALLS} do ${fill(what)} end NOTE('${mark} ${i}') end`,
  );
  return `${SHARED}\nfor round = 1, ${ROUNDS} do\n${rounds.join('\n')}\nend`.replace(
    'there = 1',
    mark === 'remote' ? '' : 'there = 1',
  );
}

const times = new Map();
const begun = new Map();
const note = (text) => {
  const { user, system } = process.cpuUsage();
  const now = (user + system) / 1000;
  const since = begun.get(text);
  if (since === undefined) begun.set(text, now);
  else {
    begun.delete(text);
    times.set(text, [...(times.get(text) ?? []), ((now - since) * 1e6) / CALLS]);
  }
};
const silent = () => {};
const logger = {
  log: (level, text) => (level === 'note' ? note(text) : level === 'error' && console.error(text)),
  print: silent,
  isEnabled: () => true,
  ...Object.fromEntries(['fatal', 'critic', 'error', 'warn'].map((level) => [level, console.error])),
  ...Object.fromEntries(['note', 'info', 'debug', 'trace'].map((level) => [level, silent])),
};
const folder = mkdtempSync(join(tmpdir(), 'cumulus-bench-'));
mkdirSync(join(folder, 'www/kid'), { recursive: true });
writeFileSync(join(folder, 'www/main.lua'), script(LOCAL, 'local'));
writeFileSync(join(folder, 'www/kid/main.lua'), script(REMOTE, 'remote'));
const ini = join(folder, 'CumulusServer.ini');
writeFileSync(ini, `[lua]\nversion=${process.argv[2] ?? '5.4'}\ntimeout=0\n[reload]\nenabled=false\n`);
const server = new Server(loadConfig(ini).config, logger);
await server.start();
await server.stop();
rmSync(folder, { recursive: true });

const median = (values = []) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
console.log('nanoseconds                     inside  across    more');
for (const [i, [name]] of WORK.entries()) {
  const inside = median(times.get(`local ${i}`));
  const across = median(times.get(`remote ${i}`));
  const show = (n) => n.toFixed(0).padStart(7);
  console.log(`${name.padEnd(30)} ${show(inside)} ${show(across)} ${show(across - inside)}`);
}

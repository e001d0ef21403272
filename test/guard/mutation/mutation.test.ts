/**
 * Mutated programs in a real server, visited by real peers: whatever they do, nothing but they is harmed, and nothing
 * of them is left.
 *
 * A mutant is named by a number, which `MUTATION_SEED` brings back: alone with `MUTATION_COUNT=1`. The same mutants
 * each time, so that the same sources give the same answer; other seeds are for looking for more by hand:
 *   MUTATION_SEED=5000000 MUTATION_COUNT=2000 npx vitest run test/guard/mutation/mutation.test.ts
 */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Census } from '../../support/census.js';
import { stayOnLoopback } from '../../support/loopback.js';
import { resources, settled } from '../../support/resources.js';
import { LUA_VERSION } from '../../support/server.js';
import { CORPORA } from './corpora.js';
import { mutantOf } from './mutants.js';
import { Round, type Stage, stageOf } from './round.js';

const SEED = Number(process.env['MUTATION_SEED'] ?? 1);
const COUNT = Number(process.env['MUTATION_COUNT'] ?? (LUA_VERSION === '5.4' ? 600 : 400));
/** Mutants at a time, and how often they are replaced before the server is stopped. */
const SITES = 10;
const RELOADS = 4;

const census = new Census();
const rejected: unknown[] = [];
const onRejection = (reason: unknown) => rejected.push(reason);
let stage: Stage;

beforeAll(async () => {
  stayOnLoopback();
  process.on('unhandledRejection', onRejection);
  stage = await stageOf(SITES);
});

afterAll(() => {
  process.off('unhandledRejection', onRejection);
  census.stop();
});

/** The numbers of the mutants of each round. */
const ROUNDS = chunks(
  Array.from({ length: COUNT }, (_, i) => SEED + i),
  SITES * (RELOADS + 1),
);

test.each(ROUNDS.map((seeds) => [`${seeds[0]} to ${seeds.at(-1)}`, seeds] as const))(
  'mutants %s harm nothing, and nothing of them is left',
  async (_, seeds) => {
    const before = { resources: resources(), files: openFiles() };
    const round = new Round(stage, census);
    census.forget();
    const [first = [], ...others] = chunks(
      seeds.map((seed) => mutantOf(seed, CORPORA)),
      SITES,
    );
    await round.start(first);
    for (const mutants of others) await round.reload(mutants);
    await round.stop();
    expect(round.problems).toEqual([]);
    expect(rejected).toEqual([]);
    expect(await settled(before.resources)).toEqual([]);
    expect(openFiles()).toBe(before.files);
    expect(await census.remaining()).toEqual([]);
  },
  60_000,
);

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

/** File descriptors of this process. */
function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

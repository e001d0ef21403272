/** The programs before they are mutated: whole, running, and naming no other machine. */
import { expect, test } from 'vitest';
import { Census } from '../../support/census.js';
import { CORPORA, isLua, TOKEN_POOL } from './corpora.js';
import { mutantOf } from './mutants.js';
import { Round, stageOf } from './round.js';
import { textOf, tokensOf } from './tokens.js';

test.each(CORPORA)('$name is its tokens, put together', ({ files }) => {
  for (const [, text] of Object.entries(files).filter(([file]) => isLua(file)))
    expect(text.trimEnd()).toBe(textOf(tokensOf(text)).trimEnd());
});

test.each(CORPORA)('$name runs without an error', async (corpus) => {
  const census = new Census();
  const round = new Round(await stageOf(1), census, 5000);
  await round.start([{ seed: 0, what: corpus.name, files: corpus.files }]);
  expect(round.errors).toEqual([]);
  await round.stop();
  expect(round.problems).toEqual([]);
  expect(round.errors).toEqual([]);
  expect(await census.remaining()).toEqual([]);
  census.stop();
});

test('no address in a string is one of another machine', () => {
  const strings = TOKEN_POOL.filter(({ kind }) => kind === 'string').map(({ text }) => text);
  const addresses = strings.flatMap(
    (text) => text.match(/\d+\.\d+\.\d+\.\d+|[\da-f]*:[\da-f]*:[\da-f:]*/gi) ?? [],
  );
  expect(addresses.filter((address) => !/^(?:127\.\d+\.\d+\.\d+|0\.0\.0\.0)$/.test(address))).toEqual([]);
});

test('a mutant is made from its number alone, and is none of the programs', () => {
  const programs = new Set(CORPORA.map(({ files }) => wordsOf(files)));
  for (let seed = 1; seed <= 200; seed++) {
    const mutant = mutantOf(seed, CORPORA);
    expect(mutantOf(seed, CORPORA)).toEqual(mutant);
    expect(programs).not.toContain(wordsOf(mutant.files));
  }
});

/** The tokens of all files, without what is between them. */
function wordsOf(files: Readonly<Record<string, string>>): string {
  const sources = Object.entries(files).filter(([file]) => isLua(file));
  return sources
    .map(([, text]) =>
      tokensOf(text)
        .map((token) => token.text)
        .join(' '),
    )
    .join(' ');
}

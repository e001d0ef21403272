/**
 * Programs with one to three tokens deleted, doubled, swapped or replaced: each made from a number and from nothing
 * else, so that the number alone brings it back.
 */
import { type Corpus, isLua, TOKEN_POOL } from './corpora.js';
import { type Token, textOf, tokensOf } from './tokens.js';

export interface Mutant {
  readonly seed: number;
  /** What was done to which file, for messages. */
  readonly what: string;
  /** Without a folder: "main.lua". */
  readonly files: Readonly<Record<string, string>>;
}

/** A fraction of 1, from 0 on, each time that it is called: splitmix32. */
type Random = () => number;

function randomOf(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

export function mutantOf(seed: number, corpora: readonly Corpus[]): Mutant {
  const random = randomOf(seed);
  const corpus = oneOf(random, corpora);
  const file = oneOf(random, Object.keys(corpus.files).filter(isLua));
  const tokens = tokensOf(corpus.files[file] ?? '');
  const whole = textOf(tokens);
  const edits = Array.from({ length: 1 + Math.floor(random() * 3) }, () => edit(random, tokens));
  while (textOf(tokens) === whole) edits.push(edit(random, tokens));
  return {
    seed,
    what: `${corpus.name}/${file}: ${edits.join('; ')}`,
    files: { ...corpus.files, [file]: textOf(tokens) },
  };
}

/** Changes `tokens`. @returns what was done */
function edit(random: Random, tokens: Token[]): string {
  const at = Math.floor(random() * tokens.length);
  const token = tokens[at];
  if (!token) return 'nothing';
  const [name, change] = oneOf(random, random() < LIKELY_SOUND ? SOUND : WILD);
  return `${name} ${JSON.stringify(token.text)} (token ${at + 1})${change(random, tokens, at, token)}`;
}

/** @returns what was done with what else */
type Edit = (random: Random, tokens: Token[], at: number, token: Token) => string;

/** Most of the results are no Lua, which is soon found out: they are the smaller part. */
const LIKELY_SOUND = 0.8;

const WILD: readonly (readonly [string, Edit])[] = [
  ['deleted', (_, tokens, at) => splice(tokens, at, 1, [])],
  ['doubled', (_, tokens, at, token) => splice(tokens, at, 0, [token])],
  ['swapped with the next', (_, tokens, at) => swap(tokens, at, at + 1)],
  ['swapped', (random, tokens, at) => swap(tokens, at, Math.floor(random() * tokens.length))],
  ['replaced', (random, tokens, at, token) => replace(tokens, at, token, oneOf(random, TOKEN_POOL))],
];

/** Results that are often still Lua: like for like, and whole lines. */
const SOUND: readonly (readonly [string, Edit])[] = [
  [
    'swapped with its like',
    (random, tokens, at, token) => {
      const like = [...tokens.keys()].filter((i) => isLike(token, tokens[i]));
      return swap(tokens, at, oneOf(random, like));
    },
  ],
  [
    'replaced by its like',
    (random, tokens, at, token) => {
      const like = TOKEN_POOL.filter((other) => isLike(token, other));
      return replace(tokens, at, token, like.length > 0 ? oneOf(random, like) : token);
    },
  ],
  [
    'replaced by another of the file',
    (random, tokens, at, token) =>
      replace(
        tokens,
        at,
        token,
        oneOf(
          random,
          tokens.filter((other) => isLike(token, other)),
        ),
      ),
  ],
  ['line deleted at', (_, tokens, at) => splice(tokens, ...lineAt(tokens, at), [])],
  [
    'line doubled at',
    (_, tokens, at) => {
      const [start, length] = lineAt(tokens, at);
      return splice(tokens, start, 0, tokens.slice(start, start + length));
    },
  ],
  [
    'line moved from',
    (random, tokens, at) => {
      const [start, length] = lineAt(tokens, at);
      const moved = tokens.splice(start, length);
      return splice(tokens, lineAt(tokens, Math.floor(random() * tokens.length))[0], 0, moved);
    },
  ],
];

const LIKE = [
  /^(?:\+|-|\*|\/|%|\^|\.\.|==|~=|<=?|>=?|and|or)$/,
  /^[.:]$/,
  /^(?:not|#|-)$/,
  /^(?:if|while)$/,
  /^(?:nil|true|false|\.\.\.|self|\d.*)$/,
];

/** True when one can often stand where the other stands. */
function isLike(one: Token, other: Token | undefined): boolean {
  if (!other) return false;
  if (one.kind === other.kind && one.kind !== 'keyword' && one.kind !== 'operator') return true;
  return one.text === other.text || LIKE.some((like) => like.test(one.text) && like.test(other.text));
}

/** @returns where the line of token `at` begins, and how many tokens it has */
function lineAt(tokens: readonly Token[], at: number): [start: number, length: number] {
  let [start, end] = [at, at + 1];
  while (start > 0 && !tokens[start]?.space.includes('\n')) start--;
  while (end < tokens.length && !tokens[end]?.space.includes('\n')) end++;
  return [start, end - start];
}

function splice(tokens: Token[], at: number, count: number, added: readonly Token[]): string {
  tokens.splice(at, count, ...added);
  return count > 1 || added.length > 1 ? `, ${Math.max(count, added.length)} tokens` : '';
}

function swap(tokens: Token[], at: number, other: number): string {
  const [one, two] = [tokens[at], tokens[other]];
  if (!one || !two) return ' with nothing';
  tokens[at] = { ...two, space: one.space };
  tokens[other] = { ...one, space: two.space };
  return ` with ${JSON.stringify(two.text)} (token ${other + 1})`;
}

function replace(tokens: Token[], at: number, { space }: Token, by: Token): string {
  tokens[at] = { ...by, space };
  return ` by ${JSON.stringify(by.text)}`;
}

function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

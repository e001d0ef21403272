/**
 * Lua source ⇄ tokens, for tests that change programs.
 *
 * White space and comments belong to the token that they precede, so that a text is its tokens, put together again. It
 * knows both versions' tokens and no grammar. A string is one token: what is in it never changes.
 */
export type Kind = 'name' | 'keyword' | 'number' | 'string' | 'operator';

export interface Token {
  readonly kind: Kind;
  readonly text: string;
  /** What is in front of it. */
  readonly space: string;
}

const KEYWORDS: ReadonlySet<string> = new Set(
  `and break do else elseif end false for function goto if in local nil not or repeat return then true until
   while`.split(/\s+/),
);

/** Sticky, so that each is tried where the one before has ended. */
const SPACE = /(?:\s|--\[(=*)\[[\s\S]*?\]\1\]|--(?!\[=*\[)[^\n]*)*/y;
const TOKENS: readonly (readonly [Kind, RegExp])[] = [
  ['string', /\[(=*)\[[\s\S]*?\]\1\]|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y],
  ['name', /[A-Za-z_]\w*/y],
  ['number', /0[xX][\da-fA-F.]+(?:[pP][+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['operator', /\.\.\.|\.\.|==|~=|<=|>=|<<|>>|\/\/|::|[-+*/%^#&~|<>=(){}[\];:,.]/y],
];

/** @throws for what is not Lua */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; ; ) {
    const space = matchAt(SPACE, source, at) ?? '';
    at += space.length;
    if (at >= source.length) return tokens;
    const token = tokenAt(source, at, space);
    if (!token) throw new Error(`no token at ${at}: ${source.slice(at, at + 20)}`);
    tokens.push(token);
    at += token.text.length;
  }
}

/** A space is put between tokens that would be one. */
export function textOf(tokens: readonly Token[]): string {
  let text = '';
  for (const token of tokens) text += (token.space || separator(text, token.text)) + token.text;
  return `${text}\n`;
}

function tokenAt(source: string, at: number, space: string): Token | undefined {
  for (const [kind, pattern] of TOKENS) {
    const text = matchAt(pattern, source, at);
    if (text === undefined) continue;
    return { kind: kind === 'name' && KEYWORDS.has(text) ? 'keyword' : kind, text, space };
  }
  return undefined;
}

function matchAt(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

function separator(before: string, after: string): string {
  return /\w$/.test(before) && /^\w/.test(after) ? ' ' : '';
}

/**
 * The programs that are mutated: every example, the old scripts, and some that use as much as they can in few lines.
 *
 * What an application needs of its own – ports, its path, its section of the ini – is put in by `placed`, so that one
 * program can run at several places of one server. Invariant: no string names another machine (corpora.test.ts).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Token, tokensOf } from './tokens.js';

export interface Corpus {
  readonly name: string;
  /** "main.lua", its modules, and what else it needs. */
  readonly files: Readonly<Record<string, string>>;
}

/** Where a program runs. */
export interface Site {
  /** Folder below www/, and its section of the ini. */
  readonly name: string;
  readonly port: number;
  readonly secondPort: number;
  /** Nobody listens there. */
  readonly deadPort: number;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FOLDERS = ['scripts', 'test/fixtures/old-scripts', 'test/fixtures/dense'];

export const CORPORA: readonly Corpus[] = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder)).map((name) => ({ name, files: filesOf(join(ROOT, folder, name)) })),
);

function filesOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const files = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.map((file) => [relative(folder, file), readFileSync(file, 'utf8')]));
}

export function isLua(file: string): boolean {
  return file.endsWith('.lua');
}

/** Values at which something may end, besides all that the programs consist of. */
const EDGES = `nil true false 0 1 2 1e308 9007199254740993 0x7fffffff 4294967296 65536 "" "\\0" ... # {} _G self`;

export const TOKEN_POOL: readonly Token[] = distinct([
  ...CORPORA.flatMap(({ files }) => Object.entries(files)).flatMap(([file, text]) =>
    isLua(file) ? tokensOf(text) : [],
  ),
  ...tokensOf(EDGES),
]);

/** Rare tokens are as likely as frequent ones. */
function distinct(tokens: readonly Token[]): Token[] {
  return [...new Map(tokens.map((token) => [token.text, token])).values()];
}

/** The program, ready to run at `site`. Ports that are written in it: 1234 to 1238, 1239, 5678. */
export function placed(files: Corpus['files'], { name, port, secondPort, deadPort }: Site): Corpus['files'] {
  const place = (text: string) =>
    text
      .replace(/\b123[4-8]\b/g, String(port))
      .replace(/\b1239\b/g, String(secondPort))
      .replace(/\b5678\b/g, String(deadPort))
      .replace(/cumulus\.configs\.(?:lobby|digest|web|stats)\b/g, `cumulus.configs.${name}`)
      .replace(/absolutePath\("\/(?:digest|stats|responder)"\)/g, `absolutePath("/${name}")`);
  return Object.fromEntries(Object.entries(files).map(([file, text]) => [file, place(text)]));
}

/** The sections of the old scripts' settings. */
export function settingsOf({ name, port }: Site): string {
  return `[${name}]
port=${port}
maxPlayers=4
sender=digest@localhost
address=127.0.0.1:${port}
keep=3
`;
}

/** Reads the definitions of the API for editors: what is declared, and how. */
import { readFileSync } from 'node:fs';

export const DEFINITIONS = new URL('../../src/types/cumulus.lua', import.meta.url).pathname;

export interface Member {
  readonly kind: 'property' | 'event' | 'method';
  /** What is said of it. */
  readonly text: string;
}

export interface Definitions {
  /** Class, or table such as "bit" → its members by name. */
  readonly members: ReadonlyMap<string, ReadonlyMap<string, Member>>;
  /** Global functions, tables and events, and what is said of each. */
  readonly globals: ReadonlyMap<string, string>;
}

export function readDefinitions(): Definitions {
  const members = new Map<string, Map<string, Member>>();
  const globals = new Map<string, string>();
  let comment: string[] = [];
  let declared = '';
  const into = (owner: string) => members.get(owner) ?? new Map<string, Member>();
  for (const line of readFileSync(DEFINITIONS, 'utf8').split('\n')) {
    if (line.startsWith('---')) {
      comment.push(line.slice(3));
      declared = /^---@class (\w+)/.exec(line)?.[1] ?? declared;
      const [, name, type = ''] = /^---@field (\w+) (.*)$/.exec(line) ?? [];
      if (name !== undefined)
        members.set(
          declared,
          into(declared).set(name, { kind: /^\(?fun\(/.test(type) ? 'event' : 'property', text: type }),
        );
      continue;
    }
    const text = comment.join('\n');
    comment = [];
    const [, owner, method] = /^function (\w+)[:.](\w+)\(/.exec(line) ?? [];
    if (owner !== undefined && method !== undefined)
      members.set(owner, into(owner).set(method, { kind: 'method', text: `${text}\n${line}` }));
    const [, table, field] = /^(\w+)\.(\w+) = /.exec(line) ?? [];
    if (table !== undefined && field !== undefined)
      members.set(table, into(table).set(field, { kind: 'property', text }));
    const name = /^(?:function (\w+)\(|(\w+) = )/.exec(line);
    if (name) globals.set(name[1] ?? name[2] ?? '', `${text}\n${line}`);
  }
  return { members, globals };
}

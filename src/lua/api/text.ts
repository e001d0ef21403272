/**
 * `cumulus:split(expression, separators[, options])`: a text's parts, as several results.
 * Specification: reference-behaviour.md, "Applications and scripts".
 */
import type { ApiContext, Functions } from './context.js';

/** The bits of `options`. */
const DROP_EMPTY = 1;
const TRIM = 2;

export function textFunctions({ stack }: ApiContext): Functions {
  const split = () => {
    const parts = splitText(stack.binary(2) ?? '', stack.binary(3) ?? '', stack.number(4) ?? 0);
    stack.reserve(parts.length);
    for (const part of parts) stack.pushBinary(part);
    return parts.length;
  };
  return { split };
}

/**
 * @param separators each of its characters separates; with none of them the text is one part
 * @returns the parts; none for an empty text
 */
export function splitText(text: string, separators: string, options: number): string[] {
  if (text === '') return [];
  const parts = cut(text, new Set(separators));
  const trimmed = options & TRIM ? parts.map(trim) : parts;
  return options & DROP_EMPTY ? trimmed.filter((part) => part !== '') : trimmed;
}

function cut(text: string, separators: ReadonlySet<string>): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (!separators.has(text.charAt(i))) continue;
    parts.push(text.slice(start, i));
    start = i + 1;
  }
  parts.push(text.slice(start));
  return parts;
}

/** ASCII's white space only: of a byte above it nobody knows what character it is a part of. */
function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

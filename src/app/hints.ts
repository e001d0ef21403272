/**
 * What to add to an error of a script whose cause is a known slip: a misspelt method or function, a function of Lua's
 * own that the script has replaced.
 *
 * It reads Lua's messages, of both versions, and knows no Lua machine. What it does not know it leaves as it is.
 */
import { LOG_FUNCTIONS } from '../lua/api/log.js';
import { nearest } from '../nearest.js';

/** What scripts call by a plain name: Lua's own functions, and those that log. */
const GLOBALS = [
  ...LOG_FUNCTIONS,
  ...(
    'assert collectgarbage dofile error getmetatable ipairs load loadfile loadstring next pairs pcall print ' +
    'rawequal rawget rawset require select setmetatable tonumber tostring type unpack xpcall'
  ).split(' '),
];

/** Of both versions: alone, as there is no memory to say where. */
const OUT_OF_MEMORY = 'not enough memory';

/** "attempt to call a nil value (method 'sned')" of Lua 5.4. */
const CALL_54 = /attempt to call an? (\S+) value \((global|method|field) '([^']+)'\)$/;
/** "attempt to call method 'sned' (a nil value)" of Lua 5.1. */
const CALL_51 = /attempt to call (global|method|field) '([^']+)' \(an? (\S+) value\)$/;

/**
 * @param message position, text and, after a line feed, a traceback
 * @param methods the names of the API's methods
 * @returns the message, with a hint at the end of its first line if there is one
 */
export function withHint(message: string, methods: readonly string[]): string {
  const end = message.indexOf('\n');
  const first = end < 0 ? message : message.slice(0, end);
  const hint = hintFor(first, methods);
  return hint === undefined ? message : `${first}: ${hint}${message.slice(first.length)}`;
}

function hintFor(line: string, methods: readonly string[]): string | undefined {
  if (line.endsWith(OUT_OF_MEMORY)) return 'its limit is [lua] memory';
  const call = calledIn(line);
  if (call === undefined) return undefined;
  const { type, kind, name } = call;
  if (kind !== 'global') return type === 'nil' ? didYouMean(nearest(name, methods)) : undefined;
  if (GLOBALS.includes(name)) return `the script has replaced ${name} by a ${type} value`;
  return type === 'nil' ? didYouMean(nearest(name, GLOBALS)) : undefined;
}

function calledIn(line: string): { type: string; kind: string; name: string } | undefined {
  const [, type54, kind54, name54] = CALL_54.exec(line) ?? [];
  if (type54 && kind54 && name54) return { type: type54, kind: kind54, name: name54 };
  const [, kind51, name51, type51] = CALL_51.exec(line) ?? [];
  return type51 && kind51 && name51 ? { type: type51, kind: kind51, name: name51 } : undefined;
}

function didYouMean(name: string | undefined): string | undefined {
  return name === undefined ? undefined : `did you mean ${name}?`;
}

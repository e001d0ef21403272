/**
 * Lines of text out of log records: for a terminal, for a pipe or file, for journald, and for the log files.
 *
 * Knows no destination. Invariant: whatever a script or a peer put into a text, one record cannot pass for two.
 * A line break continues with an indent, and no control character but the tab gets through.
 */
import type { LevelName, Origin } from './levels.js';

/** What a line is about: a log level, or the output of a script's `print`. */
export type LineKind = LevelName | 'print';

/** A record → its line or lines, line feed included. `time`: milliseconds since 1970. */
export type LineFormat = (kind: LineKind, text: string, origin: Origin | undefined, time: number) => string;

/** Everything that is not for display, but for the tab and the line feed; U+2028 and U+2029 break lines too. */
const UNSAFE = /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}]/u;
const EVERY_UNSAFE = new RegExp(UNSAFE, 'gu');

const INDENT = '\n    ';

/** Numbers of syslog(3). Fatal is an alert: journald shouts emergencies (0) into every terminal. */
const PRIORITIES: Readonly<Record<LineKind, number>> = {
  fatal: 1,
  critic: 2,
  error: 3,
  warn: 4,
  note: 5,
  info: 6,
  print: 6,
  debug: 7,
  trace: 7,
};

const RED = '\x1b[31m';
const YELLOW = '\x1b[33m';
const GREEN = '\x1b[32m';
const DIM = '\x1b[2m';
const RESET = '\x1b[0m';

const COLOURS: Readonly<Record<LineKind, string>> = {
  fatal: RED,
  critic: RED,
  error: RED,
  warn: YELLOW,
  note: GREEN,
  info: '',
  print: '',
  debug: DIM,
  trace: DIM,
};

const LABELS: Readonly<Record<LineKind, string>> = {
  fatal: 'FATAL ',
  critic: 'CRITIC ',
  error: 'ERROR ',
  warn: 'WARN  ',
  note: 'NOTE  ',
  info: 'INFO  ',
  debug: 'DEBUG ',
  trace: 'TRACE ',
  print: '',
};

/** `NOTE  www/main.lua[2] hello`: for pipes and files. */
export const formatPlain: LineFormat = (kind, text, origin) => {
  if (kind === 'print') return `${escapeControls(text)}\n`;
  return `${LABELS[kind]}${place(origin, ' ')}${body(text)}\n`;
};

/** The plain format with journald's `<N>` before each physical line (sd-daemon(3)); journald adds the time. */
export const formatJournal: LineFormat = (kind, text, origin, time) => {
  const prefix = `<${PRIORITIES[kind]}>`;
  const line = formatPlain(kind, text, origin, time).slice(0, -1);
  return `${prefix}${line.includes('\n') ? line.replaceAll('\n', `\n${prefix}`) : line}\n`;
};

/** `16:56:17.9 NOTE  www/main.lua[2] hello`: for a terminal, coloured or not; local time. */
export function terminalFormat(coloured: boolean): LineFormat {
  const clock = tenths(timeOfDay);
  return (kind, text, origin, time) => {
    const plain = formatPlain(kind, text, origin, time);
    if (kind === 'print') return plain;
    if (!coloured) return `${clock(time)} ${plain}`;
    const label = LABELS[kind];
    const colour = COLOURS[kind];
    const shown = colour === '' ? label : `${colour}${label.trimEnd()}${RESET}${padding(label)}`;
    return `${DIM}${clock(time)}${RESET} ${shown}${plain.slice(label.length)}`;
  };
}

/** `22/11 16:56:17.9  NOTE<TAB>main<TAB>www/main.lua[2]  hello`: the original's log files; local time. */
export function fileFormat(): LineFormat {
  const clock = tenths((date) => `${two(date.getDate())}/${two(date.getMonth() + 1)} ${timeOfDay(date)}`);
  return (kind, text, origin, time) =>
    // There is one thread, so its name is the same on every line; readers of these files count on the column.
    `${clock(time)}  ${kind.toUpperCase()}\tmain\t${place(origin, '  ')}${body(text)}\n`;
}

/** The JSON line of a record that does not come through pino: the same keys in the same order. */
export const formatJson: LineFormat = (kind, text, _origin, time) =>
  `${escapeJson(JSON.stringify({ level: kind, time: new Date(time).toISOString(), text }))}\n`;

/** JSON itself lets DEL, C1 and U+2028 through as they are: `\u009b` for them. Takes a line of JSON. */
export function escapeJson(line: string): string {
  return UNSAFE.test(line) ? line.replace(EVERY_UNSAFE, (character) => `\\u${hex(character, 4)}`) : line;
}

function place(origin: Origin | undefined, gap: string): string {
  if (origin?.file === undefined || origin.file === '') return '';
  const file = escapeControls(origin.file).replaceAll('\n', '\\x0a');
  return origin.line === undefined ? `${file}${gap}` : `${file}[${origin.line}]${gap}`;
}

function body(text: string): string {
  const safe = escapeControls(text);
  if (!safe.includes('\n')) return safe;
  let end = safe.length;
  while (end > 0 && safe[end - 1] === '\n') end--;
  return safe.slice(0, end).replaceAll('\n', INDENT);
}

function escapeControls(text: string): string {
  return UNSAFE.test(text) ? text.replace(EVERY_UNSAFE, escaped) : text;
}

function escaped(character: string): string {
  return character < '\u0100' ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`;
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}

function padding(label: string): string {
  return ' '.repeat(label.length - label.trimEnd().length);
}

function timeOfDay(date: Date): string {
  const seconds = `${two(date.getSeconds())}.${Math.floor(date.getMilliseconds() / 100)}`;
  return `${two(date.getHours())}:${two(date.getMinutes())}:${seconds}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** Remembers the text of the current tenth of a second: local time is the dearest part of a line. */
function tenths(format: (date: Date) => string): (time: number) => string {
  let tenth = Number.NaN;
  let shown = '';
  return (time) => {
    const now = Math.floor(time / 100);
    if (now !== tenth) {
      tenth = now;
      shown = format(new Date(time));
    }
    return shown;
  };
}

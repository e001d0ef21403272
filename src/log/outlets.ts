/**
 * What the options ask for: which destinations there are, and the format of the lines of each.
 *
 * Knows no levels. Invariant: each destination waits, fails and recovers on its own.
 */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { LogFiles } from './files.js';
import {
  fileFormat,
  formatJournal,
  formatJson,
  formatPlain,
  type LineFormat,
  type LineKind,
  terminalFormat,
} from './format.js';
import type { Origin } from './levels.js';
import { LogOutput } from './output.js';
import type { LogTarget, Report } from './target.js';
import { LineWriter } from './writer.js';

export interface LogOptions {
  /** 0 (nothing) to 8 (all); see LEVELS. */
  readonly level: number;
  /** auto: coloured on a terminal, with priorities under journald, else plain. */
  readonly format: 'auto' | 'text' | 'json';
  /** Folder of the log files; without it there are none. */
  readonly directory?: string;
  /** Name of the log files: NAME.0 is the one written to. */
  readonly name: string;
  /** Bytes after which a log file is rotated. */
  readonly size: number;
  /** Highest number of a log file; the one beyond is deleted. */
  readonly files: number;
}

/** Where the process's streams are; for tests. */
export interface LogStreams {
  readonly stdoutFd?: number;
  readonly stderrFd?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly isTTY?: boolean;
}

/** A destination with the format of its lines. */
export class Outlet {
  readonly writer: LineWriter;
  readonly #format: LineFormat;

  constructor(target: LogTarget, format: LineFormat, report: Report) {
    this.#format = format;
    this.writer = new LineWriter(
      target,
      (count) => format('warn', lossText(count), undefined, Date.now()),
      report,
    );
  }

  write(kind: LineKind, text: string, origin: Origin | undefined, time: number): void {
    this.writer.write(this.#format(kind, text, origin, time));
  }
}

/** The log files, and the outlet that leads to them. */
export interface LogFileOutlet {
  readonly target: LogFiles;
  readonly outlet: Outlet;
}

/** Standard output, in the format that it calls for. */
export function openOutput(format: LogOptions['format'], streams: LogStreams, report: Report): Outlet {
  const fd = streams.stdoutFd ?? 1;
  return new Outlet(new LogOutput(fd), chooseFormat(format, fd, streams), report);
}

/** The log files; undefined when no folder is named. */
export function openFiles(options: LogOptions, report: Report): LogFileOutlet | undefined {
  const { directory, name, size, files, format } = options;
  if (directory === undefined) return undefined;
  const target = new LogFiles({ directory, name, size, files }, report);
  const outlet = new Outlet(target, format === 'json' ? formatJson : fileFormat(), report);
  // Opened at once: a folder that cannot be written to is told at the start, not at the first error.
  outlet.writer.wake();
  return { target, outlet };
}

function chooseFormat(format: LogOptions['format'], fd: number, streams: LogStreams): LineFormat {
  const env = streams.env ?? process.env;
  if (format === 'json') return formatJson;
  if (streams.isTTY ?? isatty(fd)) return terminalFormat(format === 'auto' && wantsColours(env));
  return format === 'auto' && isJournal(fd, env) ? formatJournal : formatPlain;
}

function wantsColours(env: NodeJS.ProcessEnv): boolean {
  return (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/**
 * Whether `fd` leads to the journal.
 *
 * JOURNAL_STREAM is "device:inode" of what systemd gave as stdout. It must be compared: what a service starts, a
 * desktop's terminal among them, inherits the variable without the stream.
 */
export function isJournal(fd: number, env: NodeJS.ProcessEnv): boolean {
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return env['JOURNAL_STREAM'] === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

function lossText(count: number): string {
  return `log lines lost here: ${count}; they came faster than they could be written`;
}

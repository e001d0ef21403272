/**
 * The logger: Cumulus's levels over pino; the only importer of pino.
 *
 * Knows no format of text, no destination but the outlets that take the lines, and no signals: who creates it calls
 * reopen(), flushSync() at a sudden exit, and close().
 * Invariant: no call throws, blocks, or waits for a destination; flushSync() alone blocks.
 */
import { pino } from 'pino';
import { escapeJson, type LineKind } from './log/format.js';
import { LEVELS, type LevelName, type Origin } from './log/levels.js';
import {
  type LogFileOutlet,
  type LogOptions,
  type LogStreams,
  type Outlet,
  openFiles,
  openOutput,
} from './log/outlets.js';
import { reportTo } from './log/target.js';

export { LEVELS, type LevelName, type Origin, parseLevel } from './log/levels.js';
export type { LogOptions, LogStreams } from './log/outlets.js';

export interface Logger {
  log(level: LevelName, text: string, origin?: Origin): void;
  /** Whether lines of that level go anywhere: ask before making an expensive text. */
  isEnabled(level: LevelName): boolean;
  fatal(text: string, origin?: Origin): void;
  critic(text: string, origin?: Origin): void;
  error(text: string, origin?: Origin): void;
  warn(text: string, origin?: Origin): void;
  note(text: string, origin?: Origin): void;
  info(text: string, origin?: Origin): void;
  debug(text: string, origin?: Origin): void;
  trace(text: string, origin?: Origin): void;
  /** A script's `print`: a bare line to stdout, whatever the level; in JSON, one with the level "print". */
  print(text: string): void;
}

export interface ManagedLogger extends Logger {
  /** Opens the log file anew by its name, after logrotate has moved it. */
  reopen(): void;
  /** Writes everything that waits before it returns; for a sudden exit. Gives up on a reader stuck for 2 s. */
  flushSync(): void;
  /** Resolves when everything is written; never rejects. Lines logged after the call are dropped. */
  close(): Promise<void>;
}

/** Creates the logger and opens its log file. A file that cannot be opened is reported on stderr and tried again. */
export function createLogger(options: LogOptions, streams: LogStreams = {}): ManagedLogger {
  const report = reportTo(streams.stderrFd ?? 2);
  return new PinoLogger(options, openOutput(options.format, streams, report), openFiles(options, report));
}

class PinoLogger implements ManagedLogger {
  readonly #level: number;
  readonly #pino: pino.Logger<LineKind, true>;
  readonly #output: Outlet;
  readonly #files: LogFileOutlet | undefined;

  constructor(options: LogOptions, output: Outlet, files: LogFileOutlet | undefined) {
    this.#level = options.level;
    this.#output = output;
    this.#files = files;
    this.#pino =
      options.format === 'json'
        ? jsonPino(options.level, output, files)
        : textPino(options.level, output, files);
  }

  log(level: LevelName, text: string, origin?: Origin): void {
    // pino's own methods for the levels that are off do nothing either; this spares the call.
    if (LEVELS[level] > this.#level) return;
    if (origin === undefined) this.#pino[level](text);
    else this.#pino[level](origin, text);
  }

  isEnabled(level: LevelName): boolean {
    return LEVELS[level] <= this.#level;
  }

  fatal(text: string, origin?: Origin): void {
    this.log('fatal', text, origin);
  }

  critic(text: string, origin?: Origin): void {
    this.log('critic', text, origin);
  }

  error(text: string, origin?: Origin): void {
    this.log('error', text, origin);
  }

  warn(text: string, origin?: Origin): void {
    this.log('warn', text, origin);
  }

  note(text: string, origin?: Origin): void {
    this.log('note', text, origin);
  }

  info(text: string, origin?: Origin): void {
    this.log('info', text, origin);
  }

  debug(text: string, origin?: Origin): void {
    this.log('debug', text, origin);
  }

  trace(text: string, origin?: Origin): void {
    this.log('trace', text, origin);
  }

  print(text: string): void {
    this.#pino.print(text);
  }

  reopen(): void {
    this.#files?.target.reopen();
    this.#files?.outlet.writer.wake();
  }

  flushSync(): void {
    this.#files?.outlet.writer.flushSync();
    this.#output.writer.flushSync();
  }

  async close(): Promise<void> {
    await Promise.all([this.#files?.outlet.writer.close(), this.#output.writer.close()]);
  }
}

/** Number → kind, as pino counts here: `print` is 0, below every level, so that it is never off. */
const KINDS: readonly LineKind[] = ['print', ...(Object.keys(LEVELS) as LevelName[])];

function pinoOptions(level: number) {
  return {
    level: KINDS[level] ?? 'print',
    customLevels: { print: 0, ...LEVELS },
    useOnlyCustomLevels: true,
    levelComparison: 'DESC',
    base: null,
    messageKey: 'text',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  } as const;
}

/** The lines are made in pino's hook, so that none is made as JSON first: 2 µs a line. */
function textPino(
  level: number,
  output: Outlet,
  files: LogFileOutlet | undefined,
): pino.Logger<LineKind, true> {
  const unused = { write: () => undefined };
  const hooks = {
    logMethod([first, second]: readonly unknown[], _method: unknown, number: number): void {
      const kind = KINDS[number] ?? 'print';
      const time = Date.now();
      const text = String(second ?? first);
      const origin = second === undefined ? undefined : (first as Origin);
      output.write(kind, text, origin, time);
      if (kind !== 'print') files?.outlet.write(kind, text, origin, time);
    },
  };
  return pino({ ...pinoOptions(level), hooks }, unused);
}

/** pino's own JSON; its metadata tell the destination the level of the line. */
function jsonPino(
  level: number,
  output: Outlet,
  files: LogFileOutlet | undefined,
): pino.Logger<LineKind, true> {
  const stream = {
    [pino.symbols.needsMetadataGsym]: true as const,
    lastLevel: 0,
    write(json: string): void {
      const line = escapeJson(json);
      output.writer.write(line);
      if (this.lastLevel > 0) files?.outlet.writer.write(line);
    },
  };
  return pino(pinoOptions(level), stream);
}

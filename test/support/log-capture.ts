/** A Logger that keeps its lines, and lets a test wait for one. */
import { LEVELS, type LevelName, type Logger, type Origin } from '../../src/logger.js';

export interface Line {
  readonly level: LevelName | 'print';
  readonly text: string;
  readonly origin: Origin;
}

type Wanted = string | RegExp;

export class LogCapture implements Logger {
  readonly lines: Line[] = [];
  /** Called for each line, while it is being logged. */
  onLine: ((text: string) => unknown) | undefined;
  readonly #level: number;
  #waiting: { wanted: Wanted; from: number; found: (line: Line) => void }[] = [];

  constructor(level = LEVELS.trace) {
    this.#level = level;
  }

  log(level: LevelName, text: string, origin: Origin = {}): void {
    if (this.isEnabled(level)) this.#add({ level, text, origin });
  }

  print(text: string): void {
    this.#add({ level: 'print', text, origin: {} });
  }

  isEnabled(level: LevelName): boolean {
    return LEVELS[level] <= this.#level;
  }

  fatal = (text: string, origin?: Origin) => this.log('fatal', text, origin);
  critic = (text: string, origin?: Origin) => this.log('critic', text, origin);
  error = (text: string, origin?: Origin) => this.log('error', text, origin);
  warn = (text: string, origin?: Origin) => this.log('warn', text, origin);
  note = (text: string, origin?: Origin) => this.log('note', text, origin);
  info = (text: string, origin?: Origin) => this.log('info', text, origin);
  debug = (text: string, origin?: Origin) => this.log('debug', text, origin);
  trace = (text: string, origin?: Origin) => this.log('trace', text, origin);

  /** The texts so far, of one level or of all. */
  texts(level?: Line['level']): string[] {
    return this.lines.filter((line) => !level || line.level === level).map((line) => line.text);
  }

  /** Resolves with the first line, from index `from` on, whose text matches. */
  waitFor(wanted: Wanted, from = 0): Promise<Line> {
    const present = this.lines.slice(from).find((line) => matches(line, wanted));
    if (present) return Promise.resolve(present);
    return new Promise((found) => this.#waiting.push({ wanted, from, found }));
  }

  #add(line: Line): void {
    this.lines.push(line);
    this.onLine?.(line.text);
    const ready = this.#waiting.filter(({ wanted }) => matches(line, wanted));
    this.#waiting = this.#waiting.filter(({ wanted }) => !matches(line, wanted));
    for (const { found } of ready) found(line);
  }
}

function matches(line: Line, wanted: Wanted): boolean {
  return typeof wanted === 'string' ? line.text.includes(wanted) : wanted.test(line.text);
}

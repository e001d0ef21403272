/**
 * Log lines on behalf of a script: with its application, and the file and line that it is at.
 */
import type { LevelName, Logger, Origin } from '../../logger.js';
import type { Stack } from '../stack.js';

export interface ScriptLogOptions {
  /** The application's path, "" of the root. */
  readonly application: string;
  /** What the application is called in texts. */
  readonly title: string;
  /** Logs a line; the same one soon again is counted. */
  readonly report: (level: LevelName, text: string, origin: Origin) => void;
}

export class ScriptLog {
  readonly #logger: Logger;
  readonly #stack: Stack;
  readonly #options: ScriptLogOptions;
  /** Read-only properties that were assigned already, by place. */
  readonly #warned = new Set<string>();

  constructor(logger: Logger, stack: Stack, options: ScriptLogOptions) {
    this.#logger = logger;
    this.#stack = stack;
    this.#options = options;
  }

  isEnabled(level: LevelName): boolean {
    return this.#logger.isEnabled(level);
  }

  /** From inside a host function: the position is the caller's. */
  atCaller(level: LevelName, text: string): void {
    if (!this.#logger.isEnabled(level)) return;
    this.#logger.log(level, text, this.#origin(this.#stack.caller()));
  }

  /** From an event, when no script runs: peers and name servers may cause it often. */
  report(level: LevelName, text: string): void {
    this.#options.report(level, `application ${this.#options.title}: ${text}`, this.#origin());
  }

  /** The position of the caller, for a line that is logged later. */
  captureOrigin(): Origin {
    return this.#origin(this.#stack.caller());
  }

  logAt(level: LevelName, text: string, origin: Origin): void {
    this.#logger.log(level, text, origin);
  }

  warnReadOnly(className: string, property: string): void {
    const place = this.#stack.caller();
    const key = `${className}.${property} ${place?.file}:${place?.line}`;
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    this.#logger.log(
      'warn',
      `${className}.${property} is read-only: the assignment is ignored`,
      this.#origin(place),
    );
  }

  #origin(place?: { file: string; line: number }): Origin {
    const { application } = this.#options;
    return place ? { application, file: shortName(place.file), line: place.line } : { application };
  }
}

/** The last folder and the file: "www/Games/chat/main.lua" → "chat/main.lua". */
export function shortName(file: string): string {
  return file.split('/').slice(-2).join('/');
}

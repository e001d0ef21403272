/**
 * The errors that a user can cause, each with a code and an exit status.
 *
 * Everything here is about what somebody wrote or configured; its message is shown as it is, without a stack
 * trace. Any other exception is a defect of ours.
 */

/** Code → exit status of the process when the error ends it. 78 is sysexits' EX_CONFIG, as the original used. */
export const ERROR_CODES = {
  USAGE: 78,
  CONFIG: 78,
  CANNOT_RUN: 1,
  LUA_SYNTAX: 1,
  LUA_RUNTIME: 1,
  LUA_BROKEN: 1,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export class CumulusError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CumulusError';
    this.code = code;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}

/**
 * What is wrong, for whoever can mend it: a user's mistake and what the system says in their own words, such as
 * "EACCES: permission denied, open '/etc/…'". Anything else is a defect of ours, and is told whole.
 */
export function explain(error: unknown): string {
  const known =
    error instanceof CumulusError || (error instanceof Error && ('syscall' in error || 'path' in error));
  return known ? error.message : `internal error: ${(error as Error)?.stack ?? messageOf(error)}`;
}

/** The text of anything that can be thrown, for a log line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

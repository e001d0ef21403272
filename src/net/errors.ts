/**
 * System errors in words that a script author can act on: "connection refused (127.0.0.1:1234)".
 */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'address not available on this machine',
  EACCES: 'permission denied',
  EAI_AGAIN: 'host not found: the name server did not answer',
  ECONNABORTED: 'connection aborted',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'host unreachable',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files in the system',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'host not found',
  EMSGSIZE: 'message too long',
  EPIPE: 'connection closed by peer',
  ETIMEDOUT: 'connection timed out',
};

interface SystemError {
  code?: string;
  message?: string;
  errors?: readonly SystemError[];
}

/**
 * @param error what Node gave; a connection tried on several addresses gives an AggregateError, whose first
 *   error stands for all
 * @param where what was tried, such as "example.org:80"
 */
export function reasonOf(error: unknown, where: string): string {
  const one = firstOf(error as SystemError);
  const known = one.code === undefined ? undefined : REASONS[one.code];
  const reason = known ?? one.message ?? String(error);
  return where === '' ? reason : `${reason} (${where})`;
}

function firstOf(error: SystemError): SystemError {
  return error?.errors?.[0] ?? error ?? {};
}

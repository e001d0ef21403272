/**
 * Why an operation on a file failed, as a script gets it: text in C's words, and C's number of the error.
 */

export class FileError extends Error {
  readonly errno: number;

  constructor(message: string, errno: number) {
    super(message);
    this.name = 'FileError';
    this.errno = errno;
  }
}

export const EBADF = 9;
export const EACCES = 13;
export const EINVAL = 22;
export const EMFILE = 24;
export const ESPIPE = 29;

/** Scripts compare these texts; Node's own wording of them is another. */
const TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EBADF: 'Bad file descriptor',
  EEXIST: 'File exists',
  EINVAL: 'Invalid argument',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  EMFILE: 'Too many open files',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
  EXDEV: 'Invalid cross-device link',
};

/** @param name put in front, as C's library functions do */
export function fileErrorOf(error: unknown, name?: string): FileError {
  const prefix = name === undefined ? '' : `${name}: `;
  if (error instanceof FileError) return new FileError(prefix + error.message, error.errno);
  const { code, errno, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return new FileError(prefix + (TEXTS[code] ?? message), Math.abs(errno ?? 0));
}

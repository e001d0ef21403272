/**
 * Tells which files below the applications' folder have changed, all that change together at once.
 *
 * The only importer of chokidar, which is loaded after the applications run. It does not know which files matter.
 */
import type { FSWatcher } from 'chokidar';

/** Changes that never pause are reported after this many delays at the latest. */
const MAX_DELAYS = 10;

/**
 * chokidar reports a file at most every 50 ms and forgets what comes in between; and a file may have been read while
 * it was being written. So there is one more report, of nothing in particular, this many milliseconds after each.
 */
const SETTLE_MS = 60;

export class Watcher {
  readonly #root: string;
  readonly #delay: number;
  readonly #onChange: (files: readonly string[]) => void;
  #watcher: FSWatcher | undefined;
  #closed = false;
  #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #settle: NodeJS.Timeout | undefined;
  #since = 0;

  /**
   * @param delay milliseconds without a change that end a series of changes
   * @param onChange absolute paths that were written, created or removed; none: look again whether all is as it was
   */
  constructor(root: string, delay: number, onChange: (files: readonly string[]) => void) {
    this.#root = root;
    this.#delay = delay;
    this.#onChange = onChange;
  }

  /** Resolves when changes from now on will be noticed. @param onError told what cannot be watched */
  async start(onError: (error: Error) => void): Promise<void> {
    const chokidar = await import('chokidar').catch(onError);
    if (!chokidar || this.#closed) return;
    const ignored = (path: string) =>
      /(^|[/\\])(\.[^/\\]+|node_modules)$/.test(path.slice(this.#root.length));
    const watcher = chokidar.watch(this.#root, { ignoreInitial: true, ignored });
    this.#watcher = watcher;
    watcher.on('all', (_event, path) => this.#note(path));
    watcher.on('error', (error) => onError(error as Error));
    await new Promise<void>((resolve) => watcher.once('ready', resolve));
  }

  /** Also watches a file outside of the root. */
  add(file: string): void {
    this.#watcher?.add(file);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#settle);
    await this.#watcher?.close();
  }

  #note(path: string): void {
    if (this.#changed.size === 0) this.#since = Date.now();
    this.#changed.add(path);
    clearTimeout(this.#timer);
    const longest = this.#since + this.#delay * MAX_DELAYS - Date.now();
    this.#timer = setTimeout(() => this.#report(), Math.max(0, Math.min(this.#delay, longest)));
  }

  #report(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    this.#onChange(changed);
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => this.#onChange([]), SETTLE_MS);
  }
}

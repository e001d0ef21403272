/**
 * Tells which files below the applications' folder have changed, all that change together at once.
 *
 * The only importer of chokidar, which is loaded after the applications run. It does not know which files matter.
 */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { FSWatcher } from 'chokidar';
import { refusalOfLink } from './links.js';

/** Changes that never pause are reported after this many delays at the latest. */
const MAX_DELAYS = 10;

/**
 * chokidar reports a file at most every 50 ms and forgets what comes in between; and a file may have been read while
 * it was being written. So there is one more report, of nothing in particular, this many milliseconds after each.
 */
const SETTLE_MS = 60;

/** How often the root is looked for, milliseconds. */
const PATROL_MS = 2000;

export class Watcher {
  readonly #root: string;
  readonly #delay: number;
  readonly #onChange: (files: readonly string[]) => void;
  #watch: (() => FSWatcher) | undefined;
  #watcher: FSWatcher | undefined;
  #renewing = false;
  #closed = false;
  #changed = new Set<string>();
  /** Folders that were deleted or moved away while they were watched. */
  readonly #moved = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #settle: NodeJS.Timeout | undefined;
  #since = 0;
  #patrol: NodeJS.Timeout | undefined;
  #rootIsGone = false;

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
      /(^|[/\\])(\.[^/\\]+|node_modules)$/.test(path.slice(this.#root.length)) ||
      refusalOfLink(this.#root, path) !== undefined;
    this.#watch = () => {
      const watcher = chokidar.watch(this.#root, { ignoreInitial: true, ignored });
      watcher.on('all', (_event, path) => this.#note(this.#changed, path));
      watcher.on('error', (error) => onError(error as Error));
      // What the watch on a folder tells of the folder's own name.
      watcher.on('raw', (event, name, about) => {
        const { watchedPath } = about as { watchedPath: string };
        if (event === 'rename' && name === basename(watchedPath)) this.#note(this.#moved, watchedPath);
      });
      return watcher;
    };
    this.#watcher = this.#watch();
    await ready(this.#watcher);
    if (!this.#closed) this.#patrol = setInterval(() => this.#lookAfterRoot(), PATROL_MS).unref();
  }

  /** Also watches a file outside of the root. */
  add(file: string): void {
    this.#watcher?.add(file);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#settle);
    clearInterval(this.#patrol);
    await this.#watcher?.close();
  }

  #note(paths: Set<string>, path: string): void {
    if (this.#closed) return;
    if (this.#changed.size + this.#moved.size === 0) this.#since = Date.now();
    paths.add(path);
    this.#schedule();
  }

  #schedule(): void {
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
    if (!this.#renewing && this.#hasReplaced()) void this.#renew();
  }

  /** True when what was moved away is there for chokidar, which follows the folder that it has opened, not the name. */
  #hasReplaced(): boolean {
    const watched = this.#watcher?.getWatched() ?? {};
    const replaced = [...this.#moved].some((folder) => Object.hasOwn(watched, folder));
    this.#moved.clear();
    return replaced;
  }

  /** Nobody tells when a folder that is gone comes back, and of the root there is no folder above that is watched. */
  #lookAfterRoot(): void {
    if (!existsSync(this.#root)) this.#rootIsGone = true;
    else if (this.#rootIsGone && !this.#renewing) {
      this.#rootIsGone = false;
      void this.#renew();
    }
  }

  /** The old one first: chokidar would share what it has open with the new one. */
  async #renew(): Promise<void> {
    this.#renewing = true;
    await this.#watcher?.close();
    if (this.#closed || !this.#watch) return;
    this.#watcher = this.#watch();
    await ready(this.#watcher);
    this.#renewing = false;
    if (this.#closed) return;
    // Nobody has told what has happened meanwhile, and in the new folder.
    this.#onChange([]);
    if (this.#moved.size > 0) this.#schedule();
  }
}

function ready(watcher: FSWatcher): Promise<void> {
  return new Promise((resolve) => watcher.once('ready', resolve));
}

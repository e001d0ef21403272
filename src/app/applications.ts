/**
 * All applications of a server: finding them, starting them, and following what changes on the disk.
 */
import { messageOf } from '../errors.js';
import { Application } from './application.js';
import { discover, isGone, MAIN, type Place } from './discovery.js';
import type { Services } from './services.js';
import { Watcher } from './watcher.js';

export class Applications {
  readonly #services: Services;
  readonly #root: string;
  readonly #byPath = new Map<string, Application>();
  /** Folders that were warned of. */
  readonly #unreadable = new Set<string>();
  #watcher: Watcher | undefined;
  #stopped = false;
  /** Changes are followed one series after the other. */
  #following: Promise<void> = Promise.resolve();

  /** @param root absolute */
  constructor(root: string, services: Services) {
    this.#root = root;
    this.#services = services;
  }

  get all(): readonly Application[] {
    return [...this.#byPath.values()];
  }

  get runningCount(): number {
    return this.all.filter(({ state }) => state.name === 'running').length;
  }

  isRunning(path: string): boolean {
    return this.#byPath.get(path)?.state.name === 'running';
  }

  /** Starts every application that there is, parents before children. */
  async start(): Promise<void> {
    await this.#startNew();
    if (this.#byPath.size === 0)
      this.#services.logger.warn(`no application: there is no ${MAIN} under ${this.#root}`);
  }

  /** Follows changes on the disk from now on, and those since the start. */
  async watch(): Promise<void> {
    const { reload } = this.#services.config;
    this.#watcher = new Watcher(
      this.#root,
      reload.delay,
      (files) => void this.#follow(() => this.#changed(files)),
    );
    await this.#watcher.start((error) =>
      this.#services.logger.error(`cannot watch for changes: ${messageOf(error)}`),
    );
    this.#watchOutside();
    await this.refresh();
  }

  /** Looks for itself what has changed on the disk. */
  refresh(): Promise<void> {
    return this.#follow(() => this.#changed([]));
  }

  /** The same, and tries again what has failed: its cause may be elsewhere, such as a port that is free by now. */
  retry(): Promise<void> {
    return this.#follow(() => this.#changed([], true));
  }

  /** Stops every application, children before parents, and watches no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const application of this.all.toReversed()) application.stop();
    await this.#watcher?.close();
  }

  dispose(): void {
    for (const application of this.all) application.dispose();
  }

  #follow(work: () => Promise<void>): Promise<void> {
    this.#following = this.#following.then(work).catch((error) => {
      this.#services.logger.error(`following changes failed: ${messageOf(error)}`);
    });
    return this.#following;
  }

  /** @param files what was reported; none: each application looks at its own */
  async #changed(files: readonly string[], retry = false): Promise<void> {
    if (this.#stopped) return;
    this.#stopRemoved();
    const reloads = this.all.map((application) => {
      const cause =
        files.length === 0 ? application.firstChanged() : files.find((file) => application.concerns(file));
      if (cause !== undefined) return application.reload(this.#shown(cause));
      return retry && application.state.name === 'failed' ? application.reload('another try') : undefined;
    });
    await Promise.all(reloads);
    await this.#startNew();
    this.#watchOutside();
  }

  #stopRemoved(): void {
    for (const application of this.all.toReversed()) {
      const { path } = application.place;
      if (!isGone(application.place)) continue;
      this.#byPath.delete(path);
      this.#services.tree.remove(path);
      application.stop();
      this.#services.logger.note(`application ${application.title} stopped: its ${MAIN} is gone`, {
        application: path,
      });
    }
  }

  async #startNew(): Promise<void> {
    const found: Application[] = [];
    for (const place of this.#discover()) {
      if (this.#stopped) return;
      if (this.#byPath.has(place.path)) continue;
      const application = new Application(place, this.#services);
      this.#byPath.set(place.path, application);
      this.#services.tree.add(place.path);
      found.push(application);
    }
    // All are ready before the first one runs, and may ask for another.
    for (const application of found) if (!this.#stopped) await application.prepare();
    // Not before the first script is about to run: beside the beginning of a thread all else takes longer.
    if (!this.#stopped) this.#services.watchdog.start();
    for (const application of found) if (!this.#stopped) await application.start();
  }

  #discover(): Place[] {
    return discover(this.#root, ({ folder }, reason) => {
      if (this.#unreadable.has(folder)) return;
      this.#unreadable.add(folder);
      this.#services.logger.warn(`no application is looked for in ${folder}: ${reason}`);
    });
  }

  /** With `[lua] files=any` a script may have loaded files from anywhere. */
  #watchOutside(): void {
    const outside = this.all
      .flatMap(({ files }) => files)
      .filter((file) => !file.startsWith(`${this.#root}/`));
    for (const file of outside) this.#watcher?.add(file);
  }

  #shown(file: string): string {
    return file.startsWith(`${this.#root}/`) ? file.slice(this.#root.length + 1) : file;
  }
}

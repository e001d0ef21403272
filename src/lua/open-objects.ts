/**
 * The objects that are open: kept alive by Lua's registry, and closed with the application.
 *
 * Invariant: an object is in the registry slot of its handle exactly while `handle.open` is true.
 */
import type { Handle } from './handles.js';
import type { LuaVm } from './vm.js';

/** What closes with the application: no callback may follow. */
export interface Resource {
  abandon(): void;
  /** What it is, for those that tell some from others. */
  readonly role?: 'connection' | 'listener' | 'mail';
  /** Like `abandon`, but what listens is left for the next version of the application to adopt. */
  park?(): void;
}

export class OpenObjects {
  readonly #vm: LuaVm;
  readonly #open = new Set<Handle<unknown>>();
  /** What may be opened from now on; undefined: anything. */
  #mayOpen: ((resource: Resource) => boolean) | undefined;
  /** Opened all the same, and to be closed. */
  #uninvited: Handle<unknown>[] = [];
  /** Told when the last one has been released; may be called in the middle of an entry. */
  onEmpty: (() => void) | undefined;

  constructor(vm: LuaVm) {
    this.#vm = vm;
  }

  get size(): number {
    return this.#open.size;
  }

  /** How many of them have the role. */
  countOf(role: Resource['role']): number {
    return [...this.#open].filter((handle) => (handle.target as Resource).role === role).length;
  }

  /** Keeps the object, which is at stack index `i`, alive until `release`. */
  retain(handle: Handle<unknown>, i: number): void {
    if (handle.open) return;
    const { raw, L } = this.#vm;
    raw.pushvalue(L, i);
    raw.refset(L, handle.id);
    handle.open = true;
    this.#open.add(handle);
    if (this.#mayOpen?.(handle.target as Resource) === false) this.#uninvited.push(handle);
  }

  /** The same for what is open already: it is closed when there is no memory to keep it, as nobody would find it again. */
  retainOpen(handle: Handle<Resource>, i: number): void {
    try {
      this.retain(handle, i);
    } catch (error) {
      handle.target.abandon();
      throw error;
    }
  }

  release(handle: Handle<unknown>): void {
    if (!handle.open) return;
    handle.open = false;
    this.#open.delete(handle);
    if (this.#vm.usable) {
      const { raw, L } = this.#vm;
      raw.pushnil(L);
      raw.refset(L, handle.id);
    }
    if (this.#open.size === 0) this.onEmpty?.();
  }

  /**
   * Ends what is open, without callbacks.
   * @param park what listens is left for adoption
   * @param spare true for what stays open
   */
  close(park: boolean, spare: (resource: Resource) => boolean = () => false): void {
    for (const handle of [...this.#open]) if (!spare(handle.target as Resource)) this.#end(handle, park);
  }

  /** The same, for good: what is opened later and is not spared closes with the entry in which it was opened. */
  retire(park: boolean, spare: (resource: Resource) => boolean): void {
    this.#mayOpen = spare;
    this.close(park, spare);
  }

  /** At the end of an entry. */
  closeUninvited(): void {
    if (this.#uninvited.length === 0) return;
    for (const handle of this.#uninvited.splice(0)) if (handle.open) this.#end(handle, false);
  }

  #end(handle: Handle<unknown>, park: boolean): void {
    const resource = handle.target as Resource;
    if (park && resource.park) resource.park();
    else resource.abandon();
    this.release(handle);
  }
}

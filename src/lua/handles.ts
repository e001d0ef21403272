/**
 * Lua objects and the TypeScript objects behind them: which belongs to which, events by name.
 *
 * A handle is "open" while something outside of Lua needs the object: a connected socket, a mail on its way. An open
 * object is kept alive by the registry, whether or not a script variable refers to it. A closed one is the garbage
 * collector's, and its handle goes with it.
 */
import { LUA_TNIL } from './engine/raw.js';
import { type ClassDefinition, type ObjectClass, ObjectClasses } from './object-class.js';
import { OpenObjects } from './open-objects.js';
import type { Stack } from './stack.js';
import type { LuaVm } from './vm.js';

export interface Handle<T> {
  readonly target: T;
  /** The ObjectClass, by identity. */
  readonly kind: object;
  /** Its slot in the weak table always, and in the registry while open. */
  readonly id: number;
  pointer: number;
  open: boolean;
}

/**
 * Pushes an event's arguments and returns their number, or `NO_CALL`. A plain function, so that no event makes a closure.
 */
export type Push<A, B> = (vm: LuaVm, a: A, b: B) => number;

/** There is nothing to call for, after all. */
export const NO_CALL = -1;

/** What the result, which is on the top of the stack, comes to. */
export type Result<A, B, R> = (vm: LuaVm, a: A, b: B) => R;

export class Handles {
  readonly open: OpenObjects;
  readonly #vm: LuaVm;
  readonly #classes: ObjectClasses;
  readonly #byPointer = new Map<number, Handle<unknown>>();
  readonly #byId = new Map<number, Handle<unknown>>();
  /** Registry slot of a table of all objects by id, with weak values: who is in it has not been collected. */
  readonly #objects: number;

  /** @param warnReadOnly told when a script assigns a read-only property: class and property */
  constructor(vm: LuaVm, stack: Stack, warnReadOnly: (className: string, property: string) => void) {
    this.#vm = vm;
    this.open = new OpenObjects(vm);
    this.#objects = vm.registry.ref();
    const { raw, L } = vm;
    raw.createtable(L, 0, 0);
    raw.createtable(L, 0, 1);
    vm.bytes.pushText(L, 'v');
    raw.setfield(L, -2, vm.bytes.name('__mode'));
    raw.setmetatable(L, -2);
    raw.refset(L, this.#objects);
    this.#classes = new ObjectClasses(
      vm,
      stack,
      (objectClass, i) => this.at(objectClass, i)?.target,
      warnReadOnly,
    );
    vm.onCycle = this.#afterCycle;
  }

  /** Objects that Lua has not collected yet. */
  get count(): number {
    return this.#byId.size;
  }

  define<T>(definition: ClassDefinition<T>): ObjectClass<T> {
    return this.#classes.define(definition);
  }

  /** Makes an object and pushes it. */
  create<T>(objectClass: ObjectClass<T>, target: T): Handle<T> {
    const { raw, L } = this.#vm;
    const handle: Handle<T> = {
      target,
      kind: objectClass,
      id: this.#vm.registry.ref(),
      pointer: 0,
      open: false,
    };
    raw.createtable(L, 0, 2);
    raw.refget(L, objectClass.metatable);
    raw.setmetatable(L, -2);
    raw.refget(L, this.#objects);
    raw.pushvalue(L, -2);
    raw.slotset(L, -2, handle.id);
    raw.settop(L, -2);
    handle.pointer = raw.topointer(L, -1);
    this.#byPointer.set(handle.pointer, handle);
    this.#byId.set(handle.id, handle);
    return handle;
  }

  /** True when the value at stack index `i` is an object of the API. */
  isObject(i: number): boolean {
    const { raw, L } = this.#vm;
    const handle = this.#byPointer.get(raw.topointer(L, i));
    return handle !== undefined && this.#isBehind(handle, i);
  }

  /** The object behind argument `i`, when it is one of this class. */
  at<T>(objectClass: ObjectClass<T>, i: number): Handle<T> | undefined {
    const { raw, L } = this.#vm;
    const handle = this.#byPointer.get(raw.topointer(L, i));
    if (handle?.kind !== objectClass || !this.#isBehind(handle, i)) return undefined;
    return handle as Handle<T>;
  }

  /** True when the object has a handler for the event. */
  handles(handle: Handle<unknown>, event: string): boolean {
    const { raw, L, bytes } = this.#vm;
    if (!this.#vm.usable) return false;
    raw.refget(L, handle.id);
    raw.getfield(L, -1, bytes.name(event));
    const found = raw.type(L, -1) !== LUA_TNIL;
    raw.settop(L, -3);
    return found;
  }

  /**
   * Calls `object:event(arguments…)` of an open object. An error in it is reported to the owner of the VM.
   * @returns the result as a number; 0 when there is none, no handler, or an error
   */
  emit<A, B>(handle: Handle<unknown>, event: string, push: Push<A, B>, a: A, b: B): number {
    return this.emitFor(handle, event, push, a, b, asNumber, 0);
  }

  /** The same with a result of another kind, which is `none` by default. */
  emitFor<A, B, R>(
    handle: Handle<unknown>,
    event: string,
    push: Push<A, B>,
    a: A,
    b: B,
    result: Result<A, B, R>,
    none: R,
  ): R {
    const vm = this.#vm;
    if (!handle.open || !vm.enter(event)) return none;
    try {
      const { raw, L } = vm;
      raw.refget(L, handle.id);
      raw.getfield(L, -1, vm.bytes.name(event));
      if (raw.type(L, -1) === LUA_TNIL) return none;
      raw.pushvalue(L, -2);
      const count = push(vm, a, b);
      return count !== NO_CALL && vm.call(count + 1, 1) ? result(vm, a, b) : none;
    } catch (error) {
      vm.fail(error);
      return none;
    } finally {
      vm.leave();
    }
  }

  /**
   * False when the value at `i` is another one, which has been given the memory of the handle's object: that happens
   * between the sweep that frees an object and `#afterCycle`. An open object is not freed.
   */
  #isBehind(handle: Handle<unknown>, i: number): boolean {
    const { raw, L } = this.#vm;
    if (handle.open) return true;
    if (raw.getmetatable(L, i) === 0) return false;
    raw.refget(L, (handle.kind as ObjectClass<unknown>).metatable);
    const same = raw.rawequal(L, -1, -2) !== 0;
    raw.settop(L, -3);
    return same;
  }

  /**
   * After each cycle of the garbage collector: forgets the closed objects that it has freed. One finalizer a cycle is
   * enough; one for each object costs as much as the rest of the object's life.
   */
  readonly #afterCycle = (L: number): void => {
    const { raw } = this.#vm;
    raw.refget(L, this.#objects);
    for (const handle of this.#byId.values()) {
      if (handle.open) continue;
      raw.slotget(L, -1, handle.id);
      if (raw.type(L, -1) === LUA_TNIL) this.#forget(handle);
      raw.settop(L, -2);
    }
    raw.settop(L, -2);
  };

  #forget(handle: Handle<unknown>): void {
    // The object's memory may have been given to another one already.
    if (this.#byPointer.get(handle.pointer) === handle) this.#byPointer.delete(handle.pointer);
    this.#byId.delete(handle.id);
    this.#vm.registry.unref(handle.id);
  }
}

function asNumber({ raw, L }: LuaVm): number {
  return raw.tonumber(L, -1);
}

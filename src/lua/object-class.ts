/**
 * Classes of the API's objects: methods and properties in TypeScript, and the metatable that leads to them.
 */

import type { HostFunction } from './host-calls.js';
import { LuaError } from './lua-error.js';
import type { Stack } from './stack.js';
import type { LuaVm } from './vm.js';

/** A method: arguments from index 2 on; returns the number of results that it pushed (nothing = 0). */
export type Method<T> = (target: T, stack: Stack) => number | void;

export interface Property<T> {
  /** Pushes the value, or returns 0 for nil. */
  readonly get: (target: T, stack: Stack) => number;
  /** The new value is at index 2. Without it the property is read-only. */
  readonly set?: (target: T, stack: Stack) => void;
  /** The original did not have it: old scripts may have a field of that name, which then takes its place. */
  readonly addition?: true;
}

export interface ClassDefinition<T> {
  readonly name: string;
  readonly methods: Readonly<Record<string, Method<T>>>;
  readonly properties: Readonly<Record<string, Property<T>>>;
}

export interface ObjectClass<T> {
  readonly definition: ClassDefinition<T>;
  /** Registry slot of the objects' metatable. */
  readonly metatable: number;
}

/** The object behind argument `i`, when it is one of the class. */
export type Find = <T>(objectClass: ObjectClass<T>, i: number) => T | undefined;

export class ObjectClasses {
  readonly #vm: LuaVm;
  readonly #stack: Stack;
  readonly #find: Find;
  /** Registry slot of the function of stdlib/objects.lua, which makes a metatable. */
  readonly #define: number;

  /** @param warnReadOnly told when a script assigns a read-only property: class and property */
  constructor(
    vm: LuaVm,
    stack: Stack,
    find: Find,
    warnReadOnly: (className: string, property: string) => void,
  ) {
    this.#vm = vm;
    this.#stack = stack;
    this.#find = find;
    this.#define = vm.registry.ref();
    const warn = (L: number) => {
      warnReadOnly(vm.bytes.text(L, 1) ?? '', vm.bytes.text(L, 2) ?? '');
      return 0;
    };
    vm.raw.pushcclosure(vm.L, vm.hostFunction(warn), 0);
    vm.runStdlib('objects', 1);
    vm.raw.refset(vm.L, this.#define);
  }

  define<T>(definition: ClassDefinition<T>): ObjectClass<T> {
    const { raw, L, bytes } = this.#vm;
    const objectClass: ObjectClass<T> = { definition, metatable: this.#vm.registry.ref() };
    raw.refget(L, this.#define);
    bytes.pushText(L, definition.name);
    this.#addFunctions(Object.entries(definition.methods), (name, method) =>
      this.#method(objectClass, name, method),
    );
    const properties = Object.entries(definition.properties);
    this.#addFunctions(properties, (_, property) => this.#getter(objectClass, property));
    const settable = properties.filter(([, property]) => property.set !== undefined);
    this.#addFunctions(settable, (_, property) => this.#setter(objectClass, property));
    const additions = properties.filter(([, property]) => property.addition);
    raw.createtable(L, 0, additions.length);
    for (const [name] of additions) {
      raw.pushboolean(L, 1);
      raw.setfield(L, -2, bytes.name(name));
    }
    if (raw.pcall(L, 5, 1, 0) !== 0) throw new Error(bytes.text(L, -1));
    raw.refset(L, objectClass.metatable);
    return objectClass;
  }

  #addFunctions<P>(
    entries: readonly (readonly [string, P])[],
    make: (name: string, part: P) => HostFunction,
  ): void {
    this.#vm.raw.createtable(this.#vm.L, 0, entries.length);
    for (const [name, part] of entries) this.#vm.setFunction(name, make(name, part));
  }

  #method<T>(objectClass: ObjectClass<T>, name: string, method: Method<T>): HostFunction {
    const { definition } = objectClass;
    return () => {
      const target = this.#find(objectClass, 1);
      if (target === undefined)
        throw new LuaError(
          `${definition.name}.${name}: call method with ':' colon operator (object:${name}(…))`,
        );
      return method(target, this.#stack) ?? 0;
    };
  }

  #getter<T>(objectClass: ObjectClass<T>, property: Property<T>): HostFunction {
    return () => {
      const target = this.#find(objectClass, 1);
      return target === undefined ? 0 : property.get(target, this.#stack);
    };
  }

  #setter<T>(objectClass: ObjectClass<T>, property: Property<T>): HostFunction {
    return () => {
      const target = this.#find(objectClass, 1);
      if (target !== undefined) property.set?.(target, this.#stack);
      return 0;
    };
  }
}

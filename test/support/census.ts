/**
 * Every Lua machine that the servers of this process make: what each holds, and whether it is gone.
 *
 * It holds none of them itself, so that what is left after a collection of garbage is held by the server.
 */
import { type Membership, Tree } from '../../src/app/tree.js';
import { Handles } from '../../src/lua/handles.js';
import type { ClassDefinition, ObjectClass } from '../../src/lua/object-class.js';
import type { LuaVm } from '../../src/lua/vm.js';
import { collectGarbage } from './garbage.js';

/** Timers that run for a second at most may hold what they are about. */
const GRACE_MS = 5000;

interface Machine {
  readonly title: string;
  readonly vm: WeakRef<LuaVm>;
  readonly handles: WeakRef<Handles>;
  readonly membership: WeakRef<Membership>;
}

export class Census {
  #machines: Machine[] = [];
  readonly #stop: () => void;

  /** Counts the machines that are made from now on, until `stop`. */
  constructor() {
    const { define } = Handles.prototype;
    const { join } = Tree.prototype;
    const add = (machine: Machine) => this.#machines.push(machine);
    let latest: Handles | undefined;
    Handles.prototype.define = function <T>(this: Handles, definition: ClassDefinition<T>): ObjectClass<T> {
      latest = this;
      return define.call(
        this,
        definition as ClassDefinition<unknown>,
      ) as ObjectClass<unknown> as ObjectClass<T>;
    };
    // A version boots in one turn: the handles that were used last are those of the machine that joins.
    Tree.prototype.join = function (this: Tree, path, vm) {
      const membership = join.call(this, path, vm);
      if (latest) add(machineOf(vm, latest, membership));
      latest = undefined;
      return membership;
    };
    this.#stop = () => {
      Handles.prototype.define = define;
      Tree.prototype.join = join;
    };
  }

  stop(): void {
    this.#stop();
  }

  /**
   * Registry slots that a usable machine has in use beyond those of its objects and of what others have of it: the same
   * number for every machine, or something has not given its slot back.
   */
  slots(): { title: string; extra: number }[] {
    return this.#machines.flatMap(({ title, vm, handles, membership }) => {
      const machine = vm.deref();
      if (!machine?.usable) return [];
      const exported = membership.deref()?.peer.exportCount ?? 0;
      return {
        title,
        extra: machine.registry.size - machine.registry.cached - (handles.deref()?.count ?? 0) - exported,
      };
    });
  }

  /** Machines whose versions have ended and that still have open objects. */
  openAfterEnd(): string[] {
    return this.#machines
      .filter(({ vm, handles }) => vm.deref()?.usable === false && (handles.deref()?.open.size ?? 0) > 0)
      .map(({ title }) => title);
  }

  /**
   * @param expected as many are still in use
   * @returns the machines that are not collected, within a moment of grace, by the names of their applications
   */
  async remaining(expected = 0): Promise<string[]> {
    const until = Date.now() + GRACE_MS;
    do {
      await collectGarbage();
      this.#machines = this.#machines.filter(({ vm }) => vm.deref() !== undefined);
    } while (this.#machines.length > expected && Date.now() < until);
    return this.#machines.map(({ title }) => title);
  }

  /** As if nothing had been made yet. */
  forget(): void {
    this.#machines = [];
  }
}

function machineOf(vm: LuaVm, handles: Handles, membership: Membership): Machine {
  return {
    title: vm.name,
    vm: new WeakRef(vm),
    handles: new WeakRef(handles),
    membership: new WeakRef(membership),
  };
}

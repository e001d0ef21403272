/**
 * One VM among others: values that come from them, values that go to them, and whether it can be used by them.
 *
 * Plain values are copied. Anything else arrives as a proxy, one for each thing while it is in use, and as itself when
 * it comes home. It knows no applications: what is around the VM is handed in as `Outside`.
 */
import { LUA_TLIGHTUSERDATA, LUA_TTHREAD } from '../engine/raw.js';
import { LuaError } from '../lua-error.js';
import type { LuaVm } from '../vm.js';
import { cross } from './crossing.js';
import type { Exchange } from './exchange.js';
import { Exports } from './exports.js';
import { Imports } from './imports.js';
import { installTree, type TreeHost, type TreeSlots } from './library.js';
import { lookUpField, lookUpMissing } from './looking-up.js';
import { takeTrail } from './passing-errors.js';
import type { Outside, Target } from './target.js';
import { copyPlain } from './transfer.js';

export class Peer {
  readonly exchange: Exchange;
  readonly outside: Outside;
  readonly slots: TreeSlots;
  readonly imports: Imports;
  /** What the VMs that it calls are doing, for messages. */
  readonly activity: string;
  readonly #exports: Exports;
  readonly #globals: number;
  #vm: LuaVm | undefined;
  #ended = false;
  /** What the machine broke of, while frames of it are still to be left. */
  #doom: Error | undefined;

  /** Outside of any entry, and before the script can have changed anything. */
  constructor(vm: LuaVm, exchange: Exchange, outside: Outside) {
    this.exchange = exchange;
    this.outside = outside;
    this.activity = `call from application ${outside.title}`;
    this.#vm = vm;
    this.slots = installTree(vm, this.#host());
    this.imports = new Imports(this);
    this.#exports = new Exports(this, exchange);
    vm.pushForeign = (i) => this.imports.pushCopy(i);
    vm.raw.pushglobals(vm.L);
    this.#globals = vm.raw.topointer(vm.L, -1);
    vm.raw.settop(vm.L, -2);
  }

  get vm(): LuaVm {
    if (!this.#vm) throw new LuaError(this.outside.ended());
    return this.#vm;
  }

  get closed(): boolean {
    return this.#vm === undefined;
  }

  /** Things that other VMs have proxies of. */
  get exportCount(): number {
    return this.#exports.count;
  }

  /** Takes the VM out of service: others cannot use its values any more, but while it runs and calls them itself. */
  end(): void {
    this.#ended = true;
  }

  /** The VM is gone, and what it had of others with it. */
  close(): void {
    this.#ended = true;
    this.#vm = undefined;
    this.imports.close();
  }

  /** @throws LuaError when values of this VM cannot be used */
  checkAlive(): void {
    if (this.#doom) throw new LuaError(`application ${this.outside.title} broke: ${this.#doom.message}`);
    if (this.#vm?.usable && !(this.#ended && this.#vm.depth === 0)) return;
    throw new LuaError(this.outside.ended());
  }

  /** The machine is not to be used any more. In a nested call its outer frames are left when control is back in them. */
  breakDown(error: unknown): void {
    try {
      this.vm.fail(error);
    } catch {
      this.#doom = error instanceof Error ? error : new RangeError('error outside of the call stack');
    }
  }

  /** @throws what the machine broke of, in a call that came back to it: nothing of it may go on */
  checkSound(): void {
    if (this.#doom) throw this.#doom;
  }

  /**
   * Puts the VM in order after an exception outside of any protected call of its own.
   * @param depth how deep the VM is entered when no function of it is running
   * @returns what its caller is to be told. Lua's own unwinding ends here: of this VM, or of the caller's, where the
   * error is raised again.
   */
  excuse(error: unknown, depth: number): unknown {
    if (typeof error !== 'number' && !(error instanceof LuaError)) return error;
    if (this.#vm?.usable && this.#vm.depth === depth && !this.#vm.raw.recover(this.#vm.L))
      this.breakDown(error);
    return error instanceof LuaError ? error : new LuaError('not enough memory');
  }

  /** Pushes the value at stack index `i` into the other VM. @throws LuaError for what cannot go there */
  give(i: number, to: Peer): void {
    if (!copyPlain(this.vm, i, to.vm)) to.receive(this.#target(i));
  }

  /** Pushes the thing itself where it is at home, else its proxy. @throws LuaError when it is nowhere any more */
  receive(target: Target): void {
    if (target.livesIn(this)) return target.push(this.vm);
    target.home();
    this.imports.push(target);
  }

  /** Pushes one of the functions of stdlib/tree.lua that serve other VMs. */
  pushOperation(name: string): void {
    const slot = this.slots.operations.get(name);
    if (slot === undefined) throw new Error(`no operation ${name}`);
    this.vm.raw.refget(this.vm.L, slot);
  }

  /** True when the value at `i` can go to another VM. */
  isPassable(i: number): boolean {
    const type = this.vm.raw.type(this.vm.L, i);
    return type !== LUA_TLIGHTUSERDATA && type !== LUA_TTHREAD;
  }

  /** The value at `i`, which is not plain. */
  #target(i: number): Target {
    const { raw, L } = this.vm;
    if (!this.isPassable(i))
      throw new LuaError(
        `a ${raw.type(L, i) === LUA_TTHREAD ? 'coroutine' : 'userdata'} cannot go to another application`,
      );
    const id = this.imports.idOf(i);
    if (id !== 0) return this.imports.get(id);
    return raw.topointer(L, i) === this.#globals ? this.outside.self : this.#exports.at(i);
  }

  #host(): TreeHost {
    const argument = (i: number) => this.imports.at(i);
    return {
      index: () => this.#index(argument(1)),
      newindex: () => cross(this, argument(1), 'newindex', 1),
      apply: () => cross(this, argument(1), undefined, 2),
      call: () => cross(this, this.imports.called(), undefined, 1),
      remote: () => cross(this, argument(2), this.vm.bytes.binary(this.vm.L, 1), 3),
      together: () => this.#together(),
      missing: () => lookUpMissing(this),
      release: (L) => {
        this.imports.release(this.vm.raw.tonumber(L, 1));
        return 0;
      },
      failed: () => takeTrail(this),
    };
  }

  #index(target: Target): number {
    return lookUpField(this, target) ? 1 : cross(this, target, 'index', 1);
  }

  #together(): number {
    const { raw, L } = this.vm;
    const [one, other] = [1, 2].map((i) => this.imports.get(raw.tonumber(L, i)).home());
    raw.pushboolean(L, one === other ? 1 : 0);
    return 1;
  }
}

/**
 * One VM among others: values that come from them, values that go to them, and the names that it can see.
 *
 * Plain values are copied. Anything else arrives as a proxy, one for each thing while it is in use, and as itself when
 * it comes home. The proxies are known on the Lua side only, by weak tables (stdlib/tree.lua): an address may be
 * another value's by the time when a finalizer runs.
 */
import { cross } from './crossing.js';
import type { Exchange } from './exchange.js';
import { Exports } from './exports.js';
import { LuaError } from './lua-error.js';
import { LUA_TNIL, LUA_TSTRING } from './raw.js';
import type { Outside, Target } from './target.js';
import { copyPlain } from './transfer.js';
import { installTree, type TreeSlots } from './tree-library.js';
import type { LuaVm } from './vm.js';

const LIGHT_USERDATA = 2;
const THREAD = 8;
/** The innermost frames are what matters of an error that has come through many applications, characters. */
const MAX_TRAIL = 4096;

interface Import {
  readonly target: Target;
  /** Proxies of it, those included that are waiting for their finalizer. */
  proxies: number;
}

export class Peer {
  readonly exchange: Exchange;
  readonly outside: Outside;
  /** What the VMs that it calls are doing, for messages. */
  readonly activity: string;
  readonly #exports: Exports;
  readonly #imports = new Map<number, Import>();
  readonly #slots: TreeSlots;
  readonly #globals: number;
  #vm: LuaVm | undefined;
  #ended = false;
  /** What the machine broke of, while frames of it are still to be left. */
  #doom: Error | undefined;

  constructor(vm: LuaVm, exchange: Exchange, outside: Outside) {
    this.exchange = exchange;
    this.outside = outside;
    this.activity = `call from application ${outside.title}`;
    this.#vm = vm;
    this.#exports = new Exports(this, exchange);
    this.#slots = installTree(vm, {
      index: () => this.#index(),
      newindex: () => cross(this, this.#targetAt(1), 'newindex', 1),
      apply: () => cross(this, this.#targetAt(1), undefined, 2),
      call: () => cross(this, this.#calledTarget(), undefined, 1),
      remote: () => cross(this, this.#targetAt(2), this.vm.bytes.binary(this.vm.L, 1), 3),
      together: () => this.#together(),
      missing: () => this.#missing(),
      release: () => this.#release(this.vm.raw.tonumber(this.vm.L, 1)),
      failed: () => this.#failed(),
    });
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

  /** Things of other VMs that this one has proxies of. */
  get importCount(): number {
    return this.#imports.size;
  }

  /** Takes the VM out of service: others cannot use its values any more, but while it runs and calls them itself. */
  end(): void {
    this.#ended = true;
  }

  /** The VM is gone, and what it had of others with it. */
  close(): void {
    this.#ended = true;
    this.#vm = undefined;
    for (const { target, proxies } of this.#imports.values())
      for (let i = 0; i < proxies; i++) target.release();
    this.#imports.clear();
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

  /** Pushes the thing itself where it is at home, else its proxy. */
  receive(target: Target): void {
    const { vm } = this;
    if (target.livesIn(this)) return target.push(vm);
    target.home();
    const { raw, L } = vm;
    raw.refget(L, this.#slots.proxies);
    raw.pushnumber(L, target.id);
    raw.rawget(L, -2);
    const found = raw.type(L, -1) !== LUA_TNIL;
    if (found) raw.insert(L, -2);
    raw.settop(L, found ? -2 : -3);
    if (!found) this.#create(target);
  }

  /** Pushes one of the functions of stdlib/tree.lua that serve other VMs. */
  pushOperation(name: string): void {
    const slot = this.#slots.operations.get(name);
    if (slot === undefined) throw new Error(`no operation ${name}`);
    this.vm.raw.refget(this.vm.L, slot);
  }

  /**
   * Pushes the error that has just ended a call here into the VM that made it; its text is at the top of the stack.
   * @param called the function that was called, if it was one
   */
  giveError(to: Peer, called: Target | undefined): void {
    const { raw, L, bytes } = this.vm;
    const text = bytes.binary(L, -1) ?? '';
    raw.refget(L, this.#slots.error);
    raw.pushnil(L);
    raw.refset(L, this.#slots.error);
    const position = this.#isBare(called) ? to.vm.position(to.vm.L) : '';
    const type = raw.type(L, -1);
    if (type === LUA_TSTRING) to.vm.bytes.pushBinary(to.vm.L, `${position}${bytes.binary(L, -1)}`);
    else if (type === LUA_TNIL || !this.#isPassable(-1)) to.vm.bytes.pushBinary(to.vm.L, text);
    else this.give(-1, to);
    to.#leaveTrail(position + text, this.outside.title);
    // The limit is the caller's as well: its own error will take the place of this one, which knows where it was.
    if (this.vm.brake.pressed) to.vm.brake.press(text.split('\n', 1)[0] ?? '');
  }

  /** A function of the API or of Lua itself knows no position when it is called from another VM: that is the caller's. */
  #isBare(called: Target | undefined): boolean {
    if (called?.kind !== 'function') return false;
    const { raw, L, bytes } = this.vm;
    called.push(this.vm);
    const native = raw.iscfunction(L, -1) !== 0;
    raw.settop(L, -2);
    return native && raw.type(L, -1) === LUA_TSTRING && !/^[^\n:]+:\d+: /.test(bytes.text(L, -1) ?? '');
  }

  /** For the message handler, if nobody catches the error at the top of the stack: where it comes from. */
  #leaveTrail(text: string, title: string): void {
    const { raw, L, bytes } = this.vm;
    const error = raw.type(L, -1) === LUA_TSTRING ? bytes.binary(L, -1) : this.#idOf(-1);
    const header = text.includes('\nstack traceback:') ? '' : '\nstack traceback:';
    const frames = text.length > MAX_TRAIL ? `${text.slice(0, MAX_TRAIL)}\n\t...` : text;
    const called = `\n\t(application ${title}, called by ${this.outside.title})`;
    this.exchange.trail = error ? { error, text: `${frames}${header}${called}` } : undefined;
  }

  /** Of the message handler: keeps the error as it is; the result is what is known of its way here, if anything. */
  #failed(): number {
    const { raw, L, bytes } = this.vm;
    raw.pushvalue(L, 1);
    raw.refset(L, this.#slots.error);
    const { trail } = this.exchange;
    if (!trail) return 0;
    const error = raw.type(L, 1) === LUA_TSTRING ? bytes.binary(L, 1) : this.#idOf(1);
    if (error !== trail.error) return 0;
    bytes.pushBinary(L, trail.text);
    return 1;
  }

  /** A field that is there is read without calling anything: no metamethod would be asked. */
  #index(): number {
    const target = this.#targetAt(1);
    if (target.kind === 'table' && target.home().#giveField(target, this)) return 1;
    return cross(this, target, 'index', 1);
  }

  /** The key is at index 2 of the other VM. @returns false, having pushed nothing, when there is no such field */
  #giveField(target: Target, to: Peer): boolean {
    const { vm } = this;
    const { raw, L } = vm;
    const top = raw.gettop(L);
    try {
      target.push(vm);
      if (!copyPlain(to.vm, 2, vm)) return false;
      raw.rawget(L, -2);
      if (raw.type(L, -1) === LUA_TNIL) return false;
      this.give(-1, to);
      return true;
    } catch (error) {
      throw this.excuse(error, 0);
    } finally {
      raw.settop(L, top);
    }
  }

  #together(): number {
    const { raw, L } = this.vm;
    const [one, other] = [1, 2].map((i) => this.#imported(raw.tonumber(L, i)).home());
    raw.pushboolean(L, one === other ? 1 : 0);
    return 1;
  }

  /** A global that is not there: another VM by its name, else what the ones above have under the name. */
  #missing(): number {
    const { raw, L, bytes } = this.vm;
    if (raw.type(L, 2) !== LUA_TSTRING) return 0;
    const name = bytes.binary(L, 2) ?? '';
    const named = this.outside.named(name);
    if (named) this.receive(named);
    return named ? 1 : this.#inherited(name);
  }

  #inherited(name: string): number {
    for (let above = this.outside.above(name); above; above = above.outside.above(name)) {
      if (above.#giveGlobal(name, this)) return 1;
      const named = above.outside.named(name);
      if (!named) continue;
      this.receive(named);
      return 1;
    }
    return 0;
  }

  #giveGlobal(name: string, to: Peer): boolean {
    const { raw, L, bytes } = this.vm;
    const top = raw.gettop(L);
    try {
      raw.pushglobals(L);
      bytes.pushBinary(L, name);
      raw.rawget(L, -2);
      if (raw.type(L, -1) === LUA_TNIL) return false;
      this.give(-1, to);
      return true;
    } catch (error) {
      throw this.excuse(error, 0);
    } finally {
      raw.settop(L, top);
    }
  }

  /** The value at `i`, which is not plain. */
  #target(i: number): Target {
    const { raw, L } = this.vm;
    if (!this.#isPassable(i))
      throw new LuaError(
        `a ${raw.type(L, i) === THREAD ? 'coroutine' : 'userdata'} cannot go to another application`,
      );
    const id = this.#idOf(i);
    if (id !== 0) return this.#imported(id);
    return raw.topointer(L, i) === this.#globals ? this.outside.self : this.#exports.at(i);
  }

  #isPassable(i: number): boolean {
    const type = this.vm.raw.type(this.vm.L, i);
    return type !== LIGHT_USERDATA && type !== THREAD;
  }

  /** The identity of the proxy at `i`; 0 when it is none. */
  #idOf(i: number): number {
    const { raw, L } = this.vm;
    raw.pushvalue(L, i);
    raw.refget(L, this.#slots.ids);
    raw.insert(L, -2);
    raw.rawget(L, -2);
    const id = raw.tonumber(L, -1);
    raw.settop(L, -3);
    return id;
  }

  #targetAt(i: number): Target {
    return this.#imported(this.#idOf(i));
  }

  /** What the running function is the proxy of. */
  #calledTarget(): Target {
    const { raw, L } = this.vm;
    return this.#imported(raw.tonumber(L, raw.upvalueindex(1)));
  }

  #imported(id: number): Target {
    const known = this.#imports.get(id);
    if (!known) throw new LuaError('not a value of another application');
    return known.target;
  }

  #create(target: Target): void {
    const { raw, L, bytes } = this.vm;
    const known = this.#imports.get(target.id) ?? { target, proxies: 0 };
    this.#imports.set(target.id, known);
    known.proxies++;
    target.retain();
    raw.refget(L, this.#slots.create);
    raw.pushnumber(L, target.id);
    raw.pushboolean(L, target.kind === 'function' ? 1 : 0);
    if (raw.pcall(L, 2, 1, 0) === 0) return;
    this.#release(target.id);
    throw new LuaError(bytes.text(L, -1) ?? 'not enough memory', false);
  }

  /** A proxy has been collected. */
  #release(id: number): number {
    const known = this.#imports.get(id);
    if (!known) return 0;
    if (--known.proxies === 0) this.#imports.delete(id);
    known.target.release();
    return 0;
  }
}

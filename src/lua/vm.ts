/**
 * One Lua virtual machine: compiling, calling with protection, functions that scripts can call.
 *
 * Invariant: between entries the stack of the main state holds one value, the message handler, at index 1. Every
 * entry goes through `enter` and `leave`, which nest: a script may call a method whose event enters it again.
 */
import { CumulusError, messageOf } from '../errors.js';
import { Brake } from './brake.js';
import { Bytes } from './bytes.js';
import { textOf } from './chunk.js';
import { CollectGarbage } from './collect-garbage.js';
import { Collector } from './collector.js';
import type { EngineOptions, LuaEngines } from './engine/engine.js';
import { type EngineVersion, LUA_ERRMEM, type RawLua } from './engine/raw.js';
import { callHost, type HostFunction } from './host-calls.js';
import { LuaError } from './lua-error.js';
import { Pace } from './pace.js';
import { Registry } from './registry.js';
import type { Stdlib } from './stdlib.js';
import { installGuard, installHandler, watchCycles } from './vm-setup.js';

/** What the owner of a VM is told. Nothing here may throw. */
export interface VmEvents {
  /** The event loop enters the script; `leave` follows. Not called for nested entries. */
  enter(vm: LuaVm): void;
  leave(vm: LuaVm): void;
  /** An entry ended in an error. @param message position, text and traceback */
  error(activity: string, message: string): void;
  /** The machine cannot be used any more. */
  broken(reason: string): void;
}

export interface VmOptions extends EngineOptions {
  readonly version: EngineVersion;
  /** Whose machine it is, for messages. */
  readonly name?: string;
}

export class LuaVm {
  readonly raw: RawLua;
  readonly bytes: Bytes;
  /** Ends what runs. */
  readonly brake: Brake;
  readonly collectGarbage: CollectGarbage;
  readonly name: string;
  /** The state that runs: the main one, or the coroutine that called a host function. */
  L: number;
  readonly registry = new Registry(this);
  readonly #stdlib: Stdlib;
  readonly #events: VmEvents;
  readonly #bases: number[] = [];
  readonly #activities: string[] = [];
  #usable = true;
  readonly #handler: number;
  readonly #collector: Collector;
  readonly #pace: Pace;
  /** Told in `L` of each cycle of the garbage collector, in the middle of whatever runs; leaves the stack as it was. */
  onCycle: ((L: number) => void) | undefined;

  /**
   * Pushes a copy of the table of another VM whose proxy is at stack index `i`; nested ones are proxies again.
   * @returns false, with nothing pushed, when it is none
   */
  pushForeign: (i: number) => boolean = () => false;

  private constructor(raw: RawLua, stdlib: Stdlib, events: VmEvents, name: string) {
    this.raw = raw;
    this.#stdlib = stdlib;
    this.bytes = new Bytes(raw);
    this.brake = new Brake(raw, this.bytes);
    this.name = name;
    this.L = raw.L;
    this.#events = events;
    raw.openlibs(raw.L);
    raw.atpanic(
      raw.L,
      raw.addFunction((L) => this.#panic(L), 'ii'),
    );
    this.#handler = this.registry.ref();
    this.collectGarbage = new CollectGarbage(this);
    this.#collector = new Collector(raw, this.collectGarbage);
    this.bytes.collect = () => this.#collector.run();
    this.#pace = new Pace(raw, this.collectGarbage);
  }

  static async create(engines: LuaEngines, options: VmOptions, events: VmEvents): Promise<LuaVm> {
    const raw = await engines.create(options.version, options);
    const vm = new LuaVm(raw, engines.stdlib, events, options.name ?? '');
    installHandler(vm);
    installGuard(vm);
    watchCycles(vm, (L) => {
      vm.#pace.onCycle();
      vm.onCycle?.(L);
    });
    return vm;
  }

  /** False once closed or broken: nothing may enter it then. */
  get usable(): boolean {
    return this.#usable;
  }

  get depth(): number {
    return this.#bases.length;
  }

  /** What the current entry is: an event's name, for messages. */
  get activity(): string {
    return this.#activities[this.#activities.length - 1] ?? '';
  }

  /** What the event loop entered: the outermost activity. */
  get entry(): string {
    return this.#activities[0] ?? '';
  }

  /**
   * Makes `fn` callable from Lua: @returns the address for `pushcclosure`. It costs a slot for the life of the VM:
   * once for each function of the API, never for each object.
   */
  hostFunction(fn: HostFunction): number {
    return this.raw.addFunction((L) => callHost(this, fn, L), 'ii');
  }

  /** Sets field `name` of the table at the top to a host function. */
  setFunction(name: string, fn: HostFunction): void {
    this.raw.pushcclosure(this.L, this.hostFunction(fn), 0);
    this.raw.setfield(this.L, -2, this.bytes.name(name));
  }

  /**
   * Begins an entry. @returns false when the VM must not be entered
   * @param activity what is entered, for messages
   */
  enter(activity: string): boolean {
    if (!this.#usable) return false;
    const depth = this.#activities.push(activity);
    this.#bases.push(1);
    try {
      if (depth === 1) this.#events.enter(this);
      // Outermost, there is the message handler and nothing else.
      if (depth === 1) return true;
      this.#bases[depth - 1] = this.raw.gettop(this.L);
      this.raw.refget(this.L, this.#handler);
      return true;
    } catch (error) {
      return this.#refuse(error);
    }
  }

  /** Ends the entry and drops what it left on the stack. */
  leave(): void {
    const base = this.#bases[this.#bases.length - 1] ?? 0;
    try {
      if (this.#usable) this.#reset(base);
    } catch (error) {
      this.fail(error);
    } finally {
      this.#bases.pop();
      if (this.#bases.length === 0) this.#events.leave(this);
      this.#activities.pop();
    }
  }

  /**
   * Calls the function below its `count` arguments. The error of one that fails is reported.
   * @returns true when it ended well and its `results` are on the stack
   */
  call(count: number, results: number): boolean {
    const activity = this.activity;
    const status = this.tryCall(count, results);
    if (status !== 0 && this.#usable)
      this.#events.error(activity, this.bytes.text(this.L, -1) ?? 'unknown error');
    return status === 0 && this.#usable;
  }

  /** Like `call`, but leaves the message on the stack and reports nothing. @returns the status, 0 = good */
  tryCall(count: number, results: number): number {
    const base = this.#bases[this.#bases.length - 1] ?? 0;
    const status = this.raw.pcall(this.L, count, results, this.#bases.length > 1 ? base + 1 : 1);
    if (status === LUA_ERRMEM) this.raw.memory.refused = true;
    return status;
  }

  /**
   * Deals with a JavaScript exception that came out of an entry: not enough memory, or a machine that is broken. To be
   * called before `leave`.
   * @throws the same again in a nested entry, as the frames of Lua that it has to pass are not all passed yet
   */
  fail(error: unknown): void {
    if (error instanceof LuaError && this.#recovers()) this.#events.error(this.activity, error.message);
    else if (this.#bases.length > 1) throw error;
    else this.#break(`${this.entry}: ${messageOf(error)}`);
  }

  /**
   * Compiles a chunk and pushes it.
   * @param chunkName as Lua wants it: "@" and the file's name as it is to be shown
   * @throws CumulusError LUA_SYNTAX, with file, line and reason; without a line when there is no memory for it
   */
  compile(source: Uint8Array, chunkName: string): void {
    if (this.#load(source, chunkName) === 0) return;
    const message = this.bytes.text(this.L, -1) ?? 'cannot be compiled';
    this.raw.settop(this.L, -2);
    throw new CumulusError('LUA_SYNTAX', message);
  }

  #load(source: Uint8Array, chunkName: string): number {
    try {
      return this.bytes.load(this.L, textOf(source, chunkName), chunkName);
    } catch (error) {
      if (!(error instanceof LuaError)) throw error;
      throw new CumulusError('LUA_SYNTAX', `${chunkName.slice(1)}: ${error.message}`);
    }
  }

  /** Nothing enters it any more. Its memory is freed with the object: there is nothing to be told to Lua. */
  close(): void {
    this.#usable = false;
  }

  /** Runs a Lua source that we ship, with `count` arguments from the stack; its result is left on the stack. */
  runStdlib(name: string, count: number): void {
    const { raw, L } = this;
    this.#stdlib.push(raw, this.bytes, name);
    if (count > 0) raw.insert(L, -1 - count);
    if (raw.pcall(L, count, 1, 0) !== 0) throw new Error(this.bytes.text(L, -1));
  }

  /** Pushes the message handler. */
  pushHandler(): void {
    this.raw.refget(this.L, this.#handler);
  }

  /** Replaces the message handler by the function at the top of the stack. Outside of any entry. */
  setHandler(): void {
    const { raw, L } = this;
    raw.pushvalue(L, -1);
    raw.refset(L, this.#handler);
    raw.insert(L, 1);
    raw.settop(L, 1);
  }

  /** An error outside of any protected call: only running out of memory while an event is being prepared. */
  #panic(L: number): number {
    throw new LuaError(this.bytes.text(L, -1) ?? 'error outside of a protected call');
  }

  #reset(base: number): void {
    if (this.#bases.length > 1) return this.raw.settop(this.L, base);
    this.brake.release();
    this.raw.settop(this.L, base);
    if (this.raw.memory.refused) this.#collector.run();
    this.#pace.onEntry();
  }

  #refuse(error: unknown): false {
    try {
      this.fail(error);
    } finally {
      this.leave();
    }
    return false;
  }

  /** In a nested entry there is nothing to be put in order: an error of Lua's own would not be a LuaError. */
  #recovers(): boolean {
    return this.#usable && (this.#bases.length > 1 || this.raw.recover(this.L));
  }

  #break(reason: string): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#events.broken(reason);
  }
}

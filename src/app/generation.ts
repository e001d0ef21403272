/**
 * One version of an application: a VM with the API in it, the objects it has opened, its events.
 *
 * Made without running anything; `run` executes main.lua. A generation runs once and ends once. Nothing that happens
 * in its scripts is thrown out of here, except to the caller of `run`.
 */
import { join } from 'node:path';
import { CumulusError, messageOf } from '../errors.js';
import { RTMFP_EVENTS } from '../lua/api/rtmfp.js';
import { shortName } from '../lua/api/script-log.js';
import { shownName } from '../lua/files/bounds.js';
import { callGlobal, definedFunctions } from '../lua/globals.js';
import type { LuaValue } from '../lua/table.js';
import { pushValue, readValue } from '../lua/values.js';
import type { LuaVm, VmEvents } from '../lua/vm.js';
import { isApplication, MAIN, type Place, titleOf } from './discovery.js';
import { ErrorReport } from './error-report.js';
import { withHint } from './hints.js';
import { createMachine, foldersOf, type Machine } from './machine.js';
import type { Services } from './services.js';
import { Sources } from './sources.js';

export interface GenerationEvents {
  /** The VM cannot be used any more. */
  broken(generation: Generation, reason: string): void;
}

export class Generation implements VmEvents {
  /** 1 for the first version since the server started, then counting. */
  readonly number: number;
  readonly sources: Sources;
  readonly #place: Place;
  readonly #services: Services;
  readonly #events: GenerationEvents;
  /** What goes wrong in its scripts and on their behalf. */
  readonly errors: ErrorReport;
  #machine: Machine | undefined;
  #running = false;

  private constructor(
    place: Place,
    number: number,
    sources: Sources,
    services: Services,
    events: GenerationEvents,
  ) {
    this.number = number;
    this.sources = sources;
    this.#place = place;
    this.#services = services;
    this.#events = events;
    this.errors = new ErrorReport((level, text, origin) => services.logger.log(level, text, origin));
  }

  /** @param sources what an earlier version has read, to bring that one back; else they are read from the disk */
  static async create(
    place: Place,
    number: number,
    services: Services,
    events: GenerationEvents,
    sources = new Sources(),
  ): Promise<Generation> {
    const generation = new Generation(place, number, sources, services, events);
    generation.#machine = await createMachine(place, sources, services, generation);
    return generation;
  }

  /** Connections that are open, accepted ones and others. */
  get connections(): number {
    return this.#machine?.handles.open.countOf('connection') ?? 0;
  }

  /**
   * Compiles main.lua and `files` without running anything.
   * @throws CumulusError LUA_SYNTAX for the first that is not Lua; the file system's error for one that is not there
   */
  check(files: readonly string[]): void {
    const vm = this.#usableVm();
    for (const file of new Set([this.#main, ...files])) {
      if (!this.sources.exists(file) && (file !== this.#main || !isApplication(this.#place))) continue;
      vm.compile(this.sources.read(file), this.#chunkName(file));
      vm.raw.settop(vm.L, 1);
    }
  }

  /**
   * Runs main.lua, then `onStart(path, state)`, whose error is logged and does no harm.
   * @throws CumulusError LUA_SYNTAX or LUA_RUNTIME when main.lua cannot be compiled or fails
   */
  run(state?: LuaValue): void {
    const vm = this.#usableVm();
    const source = this.sources.read(this.#main);
    this.#running = true;
    this.#machine?.membership.begin();
    if (!vm.enter('main.lua')) return;
    try {
      vm.compile(source, this.#chunkName(this.#main));
      if (vm.tryCall(0, 0) !== 0) throw this.#failureOf(vm);
    } catch (error) {
      this.#machine?.membership.end();
      if (error instanceof CumulusError) throw error;
      vm.fail(error);
      throw new CumulusError('LUA_BROKEN', messageOf(error));
    } finally {
      vm.leave();
    }
    this.#noteRtmfpEvents(vm);
    callGlobal(vm, 'onStart', () => {
      this.#pushPath(vm);
      pushValue(vm, state);
      return 2;
    });
    if (!vm.usable) throw new CumulusError('LUA_BROKEN', 'its Lua machine broke in onStart');
  }

  manage(): void {
    if (this.#running) callGlobal(this.#machine?.vm, 'onManage', () => 0);
  }

  /** Calls `onStop(path)`, once. @returns what it returns, as far as that is plain */
  stop(): LuaValue {
    if (!this.#running) return undefined;
    this.#running = false;
    let state: LuaValue;
    callGlobal(
      this.#machine?.vm,
      'onStop',
      (vm) => this.#pushPath(vm),
      (vm) => {
        state = this.#readState(vm);
      },
    );
    this.#machine?.membership.end();
    return state;
  }

  /**
   * Closes what is open, without callbacks. Mails on their way stay: their objects will be told.
   * @param park leaves what listens to the next generation
   * @param keepConnections leaves connections open
   */
  close(park: boolean, keepConnections = false): void {
    if (keepConnections)
      this.#machine?.handles.open.close(park, ({ role }) => role === 'mail' || role === 'connection');
    // What only a mail that is reported opens would be nobody's: with connections it has an end, theirs.
    else this.#machine?.handles.open.retire(park, ({ role }) => role === 'mail');
    // What drains and mails on their way may still use the files: they are closed with the VM.
    this.#machine?.sandbox.flushFiles();
  }

  /** Ends the VM when nothing is open any more, now or later. */
  disposeWhenEmpty(disposed: () => void): void {
    const handles = this.#machine?.handles;
    const dispose = () => {
      if (handles && handles.open.size > 0) return;
      this.dispose();
      disposed();
    };
    if (!handles || handles.open.size === 0) return dispose();
    // It may be told in the middle of an entry, which must come back to a VM that is alive.
    handles.open.onEmpty = () => setImmediate(dispose);
  }

  dispose(): void {
    this.#machine?.handles.open.close(false);
    this.#machine?.sandbox.closeFiles();
    this.#machine?.membership.close();
    this.#machine?.vm.close();
    this.errors.close();
    // Whoever still asks for the files of this version, to watch them, must not keep its memory.
    this.#machine = undefined;
  }

  enter(vm: LuaVm): void {
    this.#services.network.turn.enter();
    this.#services.watchdog.enter(vm);
  }

  leave(): void {
    this.#machine?.handles.open.closeUninvited();
    this.#services.watchdog.leave();
    this.#services.network.turn.leave();
  }

  error(activity: string, message: string): void {
    const text = `application ${titleOf(this.#place.path)}, ${activity}: ${this.#hinted(message)}`;
    this.errors.add(text, { application: this.#place.path, ...positionIn(message) });
  }

  /** Its sockets are closed at once: what they receive could not be handed to anybody. */
  broken(reason: string): void {
    this.dispose();
    this.#events.broken(this, reason);
  }

  get #main(): string {
    return join(this.#place.folder, MAIN);
  }

  /** "@www/chat/lib/util.lua": the applications' folder, by its last name, and what is below it. */
  #chunkName(file: string): string {
    return `@${shownName(foldersOf(this.#place, this.#services), file)}`;
  }

  #failureOf(vm: LuaVm): CumulusError {
    return new CumulusError('LUA_RUNTIME', this.#hinted(vm.bytes.text(vm.L, -1) ?? 'failed'));
  }

  #hinted(message: string): string {
    return withHint(message, this.#machine?.methods ?? []);
  }

  /** Says once, at load, what a script waits for in vain. */
  #noteRtmfpEvents(vm: LuaVm): void {
    const events = definedFunctions(vm, RTMFP_EVENTS);
    if (events.length === 0) return;
    this.#services.logger.note(
      `application ${titleOf(this.#place.path)}: ${events.join(', ')} will not be called: this server accepts no RTMFP clients`,
      { application: this.#place.path },
    );
  }

  #usableVm(): LuaVm {
    if (!this.#machine?.vm.usable) throw new CumulusError('LUA_BROKEN', 'the Lua machine is not usable');
    return this.#machine.vm;
  }

  #pushPath(vm: LuaVm): number {
    vm.bytes.pushText(vm.L, this.#place.path);
    return 1;
  }

  #readState(vm: LuaVm): LuaValue {
    return readValue(vm, -1, 'state', {
      isObject: (i) => this.#machine?.handles.isObject(i) ?? false,
      refuse: (path, typeName) => {
        this.error(
          'onStop',
          `${path} cannot be carried over a reload: it is ${/^[aeiou]/.test(typeName) ? 'an' : 'a'} ${typeName}`,
        );
        return undefined;
      },
    });
  }
}

/** "www/a/main.lua:3: boom" → where the log line says that it is. */
function positionIn(message: string): { file: string; line: number } | undefined {
  const match = /^([^\n:]+):(\d+):/.exec(message);
  return match?.[1] ? { file: shortName(match[1]), line: Number(match[2]) } : undefined;
}

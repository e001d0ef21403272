/**
 * One version of an application: a VM with the API in it, the objects it has opened, its events.
 *
 * Made without running anything; `run` executes main.lua. A generation runs once and ends once. Nothing that happens
 * in its scripts is thrown out of here, except to the caller of `run`.
 */
import { CumulusError } from '../errors.js';
import { installApi } from '../lua/api/index.js';
import { ScriptLog, shortName } from '../lua/api/script-log.js';
import { Handles } from '../lua/handles.js';
import { LUA_TFUNCTION } from '../lua/raw.js';
import { Stack } from '../lua/stack.js';
import { LuaVm, type VmEvents } from '../lua/vm.js';
import { type Place, titleOf } from './discovery.js';
import type { Services } from './services.js';

const MIB = 1_048_576;

export class Generation implements VmEvents {
  readonly #place: Place;
  readonly #services: Services;
  readonly #onBroken: (reason: string) => void;
  #vm: LuaVm | undefined;
  #handles: Handles | undefined;
  #running = false;

  private constructor(place: Place, services: Services, onBroken: (reason: string) => void) {
    this.#place = place;
    this.#services = services;
    this.#onBroken = onBroken;
  }

  /** @param onBroken told when the VM cannot be used any more */
  static async create(
    place: Place,
    services: Services,
    onBroken: (reason: string) => void,
  ): Promise<Generation> {
    const generation = new Generation(place, services, onBroken);
    await generation.#boot();
    return generation;
  }

  /** Objects that are open: sockets, servers, mails on their way. */
  get openCount(): number {
    return this.#handles?.openCount ?? 0;
  }

  /**
   * Runs main.lua, then `onStart(path)`, whose error is logged and does no harm.
   * @throws CumulusError LUA_SYNTAX or LUA_RUNTIME when main.lua cannot be compiled or fails
   */
  run(source: Uint8Array): void {
    const vm = this.#usableVm();
    vm.compile(source, `@${this.#place.shown}/main.lua`);
    this.#running = true;
    if (!vm.enter('main.lua')) return;
    try {
      // The compiled chunk lies below what `enter` has set up: a copy of it is what is called.
      vm.raw.pushvalue(vm.L, 2);
      if (vm.tryCall(0, 0) !== 0) throw new CumulusError('LUA_RUNTIME', vm.bytes.text(vm.L, -1) ?? 'failed');
    } finally {
      vm.leave();
      if (vm.usable) vm.raw.settop(vm.L, 1);
    }
    this.#callGlobal('onStart', this.#place.path);
  }

  manage(): void {
    if (this.#running) this.#callGlobal('onManage');
  }

  /**
   * `onStop(path)`, then everything is closed. A mail on its way still reports to its object, so the VM is kept until
   * `dispose`.
   * @param park leaves what listens to the next generation
   */
  stop(park: boolean): void {
    if (!this.#running) return this.#handles?.closeAll(park);
    this.#running = false;
    this.#callGlobal('onStop', this.#place.path);
    this.#handles?.closeAll(park);
  }

  dispose(): void {
    this.#handles?.closeAll(false);
    this.#vm?.close();
    this.#vm = undefined;
    this.#handles = undefined;
  }

  enter(): void {
    this.#services.network.turn.enter();
  }

  leave(): void {
    this.#services.network.turn.leave();
  }

  error(activity: string, message: string): void {
    const text = `application ${titleOf(this.#place.path)}, ${activity}: ${message}`;
    this.#services.logger.error(text, { application: this.#place.path, ...positionIn(message) });
  }

  broken(reason: string): void {
    this.#onBroken(reason);
  }

  async #boot(): Promise<void> {
    const { engines, config, logger, network, mailer } = this.#services;
    const options = { version: config.lua.version, memory: config.lua.memory * MIB };
    const vm = await LuaVm.create(engines, options, this);
    const stack = new Stack(vm);
    const log = new ScriptLog(logger, stack, this.#place.path);
    const handles = new Handles(vm, stack, (name, property) => log.warnReadOnly(name, property));
    installApi({ vm, stack, handles, logger, log, network, mailer });
    this.#vm = vm;
    this.#handles = handles;
  }

  #usableVm(): LuaVm {
    if (!this.#vm?.usable) throw new CumulusError('LUA_BROKEN', 'the Lua machine is not usable');
    return this.#vm;
  }

  /** Calls a global function of the script's own, if there is one. */
  #callGlobal(name: string, path?: string): void {
    const vm = this.#vm;
    if (!vm?.enter(name)) return;
    try {
      const { raw, L } = vm;
      raw.pushglobals(L);
      vm.bytes.pushText(L, name);
      raw.rawget(L, -2);
      if (raw.type(L, -1) !== LUA_TFUNCTION) return;
      if (path !== undefined) vm.bytes.pushText(L, path);
      vm.call(path === undefined ? 0 : 1, 0);
    } catch (error) {
      vm.fail(error);
    } finally {
      vm.leave();
    }
  }
}

/** "www/a/main.lua:3: boom" → where the log line says that it is. */
function positionIn(message: string): { file: string; line: number } | undefined {
  const match = /^([^\n:]+):(\d+):/.exec(message);
  return match?.[1] ? { file: shortName(match[1]), line: Number(match[2]) } : undefined;
}

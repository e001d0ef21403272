/**
 * What a version of an application runs on: a VM with the API, the sandbox and a place among the other applications.
 */
import { installApi } from '../lua/api/index.js';
import { ScriptLog } from '../lua/api/script-log.js';
import type { Folders } from '../lua/files/bounds.js';
import { Handles } from '../lua/handles.js';
import { installSandbox, type Sandbox } from '../lua/sandbox.js';
import { Stack } from '../lua/stack.js';
import { LuaVm, type VmEvents } from '../lua/vm.js';
import { type Place, titleOf } from './discovery.js';
import type { ErrorReport } from './error-report.js';
import { scriptSettings } from './script-settings.js';
import type { Services } from './services.js';
import type { Sources } from './sources.js';
import type { Membership } from './tree.js';

const MIB = 1_048_576;

export interface Machine {
  readonly vm: LuaVm;
  readonly handles: Handles;
  readonly sandbox: Sandbox;
  readonly membership: Membership;
  /** Names of the API's methods, for hints. */
  readonly methods: readonly string[];
}

/** Nothing of the application has run then. @param events what the machine tells of itself */
export async function createMachine(
  place: Place,
  sources: Sources,
  services: Services,
  events: VmEvents & { readonly errors: ErrorReport },
): Promise<Machine> {
  const { engines, config, logger, network, mailer, tree } = services;
  const { version, memory, files } = config.lua;
  const options = { version, memory: memory * MIB, name: titleOf(place.path) };
  const vm = await LuaVm.create(engines, options, events);
  const stack = new Stack(vm);
  const log = new ScriptLog(logger, stack, {
    application: place.path,
    title: vm.name,
    report: (level, text, origin) => events.errors.add(text, origin, level),
  });
  const handles = new Handles(vm, stack, (name, property) => log.warnReadOnly(name, property));
  const settings = scriptSettings(config);
  const methods = installApi({ vm, stack, handles, logger, log, network, mailer, settings });
  // Before the sandbox, which takes away what proxies are made with.
  const membership = tree.join(place.path, vm);
  const sandbox = installSandbox(vm, {
    stack,
    sources,
    folders: foldersOf(place, services),
    access: files,
    memory: options.memory,
    print: (line) => logger.print(line),
    warn: (text) => log.atCaller('warn', text),
  });
  return { vm, handles, sandbox, membership, methods };
}

export function foldersOf({ folder, shown }: Place, { config }: Services): Folders {
  return { root: config.applications.path, folder, shown };
}

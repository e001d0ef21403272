/**
 * Which parts of Lua's libraries a script sees, and what stands in for those that reach outside of the VM.
 *
 * Rules and closures are Lua (stdlib/io, modules, compat51, bit, luajit, sandbox), for positions of errors and for
 * speed; what touches the system is here and in files/. Invariant: when `installSandbox` has returned, no function is
 * left in reach of a script that opens a file, starts a program, ends the process, loads bytecode or sees into
 * functions that are not the script's own.
 */
import { ALLOW_LIST } from './allow-list.js';
import { bitFunctions } from './bit.js';
import { Bounds, type FileAccess, type Folders } from './files/bounds.js';
import { ConsoleInput, ConsoleOutput } from './files/console-file.js';
import { Io } from './files/io.js';
import { OpenFiles } from './files/open-files.js';
import { osFunctions } from './files/os.js';
import type { HostFunction } from './host-calls.js';
import { mathFunctions } from './math.js';
import { Modules, unmarkInterrupted } from './modules.js';
import type { Sources } from './sources.js';
import type { Stack } from './stack.js';
import type { LuaVm } from './vm.js';

export interface SandboxOptions {
  readonly stack: Stack;
  readonly sources: Sources;
  readonly folders: Folders;
  /** `[lua] files` */
  readonly access: FileAccess;
  /** The most that one read of a file may give, bytes. */
  readonly memory: number;
  /** A line that the script writes to `io.stdout` or `io.stderr`. */
  print(line: string): void;
  /** What the script gives to `warn`, and data that could not be written when its file was dropped. */
  warn(text: string): void;
}

export interface Sandbox {
  /** Files that are open. */
  readonly openFiles: number;
  /** Writes out what waits in buffers. */
  flushFiles(): void;
  /** The same, and closes every file. */
  closeFiles(): void;
}

/** Comes last, when the API is in the VM: the allow-list has the final word over what scripts see. */
export function installSandbox(vm: LuaVm, options: SandboxOptions): Sandbox {
  const bounds = new Bounds(options.access, options.folders);
  const files = new OpenFiles(vm, options.warn);
  const builder = new Builder(vm);
  installIo(builder, vm, files, bounds, options);
  if (vm.raw.version === '5.4') installCompatibility(builder, vm, options.stack);
  else builder.run('wide51', 0);
  installModules(builder, vm, bounds, options);
  limit(builder, vm, options);
  return {
    get openFiles() {
      return files.count;
    },
    flushFiles: () => files.flushAll(),
    closeFiles: () => files.closeAll(),
  };
}

function installIo(
  builder: Builder,
  vm: LuaVm,
  files: OpenFiles,
  bounds: Bounds,
  { stack, sources, memory, print }: SandboxOptions,
): void {
  const wrote = (file: string) => sources.wrote(file);
  const stdin = new ConsoleInput();
  const stdout = new ConsoleOutput(print);
  const io = new Io({ vm, stack, bounds, files, limit: memory, stdin, stdout, wrote });
  builder.table(io.functions);
  builder.table(io.methods);
  builder.table(osFunctions({ stack, bounds, wrote }));
  vm.runStdlib('io', 3);
  files.setMetatable();
  vm.raw.pushglobals(vm.L);
  vm.raw.getfield(vm.L, -1, vm.bytes.name('io'));
  io.installStandard(new ConsoleOutput(print));
  vm.raw.settop(vm.L, -3);
}

function installCompatibility(builder: Builder, vm: LuaVm, stack: Stack): void {
  const userdata = () => {
    vm.raw.newuserdata(vm.L, 8);
    return 1;
  };
  builder.table({ userdata, ...mathFunctions(stack) });
  builder.run('compat51', 1);
}

function installModules(builder: Builder, vm: LuaVm, bounds: Bounds, options: SandboxOptions): void {
  const { stack, sources, folders } = options;
  const modules = new Modules({ vm, stack, bounds, folders, sources });
  builder.table(modules.functions);
  vm.bytes.pushText(vm.L, modules.path);
  if (vm.raw.version === '5.4') vm.runStdlib('bit', 0);
  else builder.table(bitFunctions(stack));
  vm.bytes.pushText(vm.L, SYSTEMS[process.platform] ?? 'Other');
  vm.bytes.pushText(vm.L, process.arch);
  vm.runStdlib('luajit', 3);
  builder.run('modules', 3);
  if (vm.raw.version === '5.1') unmarkInterrupted(vm);
}

function limit(builder: Builder, vm: LuaVm, { stack, warn }: SandboxOptions): void {
  const { raw, L, bytes } = vm;
  const allowed = Object.entries(ALLOW_LIST[raw.version]);
  raw.createtable(L, 0, allowed.length);
  for (const [library, names] of allowed) {
    bytes.pushText(L, names);
    raw.setfield(L, -2, bytes.name(library));
  }
  const toLog = () => {
    warn(stack.text(1) ?? '');
    return 0;
  };
  raw.pushcclosure(L, vm.hostFunction(toLog), 0);
  raw.pushinteger(L, Math.floor(Math.random() * 2 ** 47));
  builder.run('sandbox', 3);
}

/** As LuaJIT names them. */
const SYSTEMS: Readonly<Record<string, string>> = { linux: 'Linux', darwin: 'OSX', win32: 'Windows' };

class Builder {
  readonly #vm: LuaVm;

  constructor(vm: LuaVm) {
    this.#vm = vm;
  }

  /** Pushes a table of functions. */
  table(functions: Readonly<Record<string, HostFunction>>): void {
    const entries = Object.entries(functions);
    this.#vm.raw.createtable(this.#vm.L, 0, entries.length);
    for (const [name, fn] of entries) this.#vm.setFunction(name, fn);
  }

  /** Runs one of our sources, whose result is of no use. */
  run(name: string, count: number): void {
    this.#vm.runStdlib(name, count);
    this.#vm.raw.settop(this.#vm.L, -2);
  }
}

/**
 * Lua's `io` on the real disk. What needs closures (`lines`) is in stdlib/io.lua.
 *
 * Every function here is called by scripts directly, so that an error's position is theirs.
 */

import { badArgument, checkString, optionalString, orFailure } from '../arguments.js';
import { LUA_TNUMBER } from '../engine/raw.js';
import type { HostFunction } from '../host-calls.js';
import { LuaError } from '../lua-error.js';
import type { Stack } from '../stack.js';
import type { LuaVm } from '../vm.js';
import { type Bounds, toText } from './bounds.js';
import type { ConsoleInput, ConsoleOutput } from './console-file.js';
import type { LuaFile } from './lua-file.js';
import { FileMethods } from './methods.js';
import { parseMode } from './modes.js';
import type { OpenFiles } from './open-files.js';
import { openFile, openTemporary } from './opening.js';

export interface IoContext {
  readonly vm: LuaVm;
  readonly stack: Stack;
  readonly bounds: Bounds;
  readonly files: OpenFiles;
  /** The most that one read may give, bytes. */
  readonly limit: number;
  readonly stdin: ConsoleInput;
  readonly stdout: ConsoleOutput;
  /** Told the absolute path of each file that is opened for writing. */
  wrote(file: string): void;
}

type Direction = 'input' | 'output';

export class Io {
  readonly #context: IoContext;
  /** The default files: the file, and the registry slot of its userdata. */
  readonly #defaults: Record<Direction, { file: LuaFile; readonly slot: number }>;
  readonly #methods: FileMethods;

  constructor(context: IoContext) {
    this.#context = context;
    const { vm, stdin, stdout } = context;
    this.#defaults = {
      input: { file: stdin, slot: vm.registry.ref() },
      output: { file: stdout, slot: vm.registry.ref() },
    };
    this.#methods = new FileMethods(vm, context.stack, context.files);
  }

  /** The functions of the library; `io.` is how errors name them. */
  get functions(): Readonly<Record<string, HostFunction>> {
    const { stack, vm } = this.#context;
    const methods = this.#methods;
    const output = this.#defaults.output.slot;
    return {
      open: () => orFailure(stack, () => this.#open(), this.#name(1)),
      tmpfile: () => orFailure(stack, () => this.#tmpfile()),
      type: () => this.#type(),
      read: () => methods.read(this.#default('input'), 1),
      write: () => methods.write(this.#default('output'), 1, () => vm.raw.refget(vm.L, output)),
      close: () => methods.close(stack.count === 0 ? this.#default('output') : methods.file('close')),
      flush: () => methods.flush(this.#default('output')),
      input: () => this.#setDefault('input', 'r'),
      output: () => this.#setDefault('output', 'w'),
    };
  }

  get methods(): Readonly<Record<string, HostFunction>> {
    return this.#methods.functions;
  }

  /** Sets stdin, stdout and stderr in the table at the top; the first two are the default files. */
  installStandard(stderr: LuaFile): void {
    const { vm, files, stdin, stdout } = this.#context;
    const { raw, L, bytes } = vm;
    for (const [name, file] of Object.entries({ stdin, stdout, stderr })) {
      files.pushStandard(file);
      if (file !== stderr) {
        raw.pushvalue(L, -1);
        raw.refset(L, this.#defaults[file === stdin ? 'input' : 'output'].slot);
      }
      raw.setfield(L, -2, bytes.name(name));
    }
  }

  #open(): number {
    const { stack, vm } = this.#context;
    const name = checkString(stack, 1, 'open');
    const text = optionalString(stack, 2, 'open', 'r');
    if (!parseMode(text, vm.raw.version === '5.4')) throw badArgument(2, 'open', 'invalid mode');
    this.#openNamed(name, text);
    return 1;
  }

  /** Pushes the file. */
  #openNamed(name: string, modeText: string): LuaFile {
    const { vm, bounds, files, limit, wrote } = this.#context;
    const mode = parseMode(modeText, vm.raw.version === '5.4');
    if (!mode) throw new LuaError(`invalid mode "${modeText}"`);
    const file = files.push(toText(name), () => openFile(bounds, name, mode, limit));
    if (mode.writable) wrote(bounds.absolute(name));
    return file;
  }

  #tmpfile(): number {
    const { files, bounds, limit } = this.#context;
    if (bounds.access === 'none') bounds.resolve('');
    files.push('temporary file', () => openTemporary(limit));
    return 1;
  }

  #type(): number {
    const { stack, files } = this.#context;
    if (stack.count === 0) throw badArgument(1, 'type', 'value expected');
    const file = files.at(1);
    return stack.pushText(file && (file.closed ? 'closed file' : 'file'));
  }

  /** `io.input([file])`, `io.output([file])`: sets and gets. */
  #setDefault(direction: Direction, mode: string): number {
    const { vm, stack, files } = this.#context;
    const current = this.#defaults[direction];
    if (!stack.isNil(1)) {
      const named = stack.isString(1) || stack.type(1) === LUA_TNUMBER;
      current.file = named ? this.#openOrRaise(direction, mode) : this.#methods.file(direction);
      vm.raw.pushvalue(vm.L, named ? -1 : 1);
      vm.raw.refset(vm.L, current.slot);
    }
    vm.raw.refget(vm.L, current.slot);
    return files.at(-1) ? 1 : 0;
  }

  #openOrRaise(direction: Direction, mode: string): LuaFile {
    const { stack } = this.#context;
    const name = checkString(stack, 1, direction);
    let file: LuaFile | undefined;
    const failed = orFailure(
      stack,
      () => {
        file = this.#openNamed(name, mode);
        return 0;
      },
      toText(name),
    );
    if (file && failed === 0) return file;
    throw new LuaError(stack.text(-2) ?? 'cannot be opened');
  }

  #default(direction: Direction): LuaFile {
    const { file } = this.#defaults[direction];
    if (file.closed) throw new LuaError(`default ${direction} file is closed`);
    return file;
  }

  #name(i: number): string {
    const { stack } = this.#context;
    return stack.isString(i) ? (stack.text(i) ?? '') : '';
  }
}

/**
 * What makes machines cheap is in use with the packages as they are now: each part steps aside where something is not as
 * expected, and nothing else would tell.
 */
import { rmSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { writeBytecode } from '../../src/build/bytecode.js';
import { LuaEngines } from '../../src/lua/engine/engine.js';
import { replaceInvoke } from '../../src/lua/engine/protected-call.js';
import { withSmallMemory } from '../../src/lua/engine/small-memory.js';
import { Stdlib } from '../../src/lua/stdlib.js';
import { LuaVm } from '../../src/lua/vm.js';
import { temporaryFolder } from '../support/server.js';
import { EXPORTS, MIB } from './machine.js';

/** The first byte of compiled Lua. */
const BYTECODE = 0x1b;

const VERSIONS = ['5.4', '5.1'] as const;
const quiet = { enter() {}, leave() {}, error() {}, broken() {} };

const create = (engines: LuaEngines, version: '5.4' | '5.1', direct = true) =>
  LuaVm.create(engines, { version, memory: 64 * MIB, direct }, quiet);

/** What an error looks like that has passed a `pcall`, our message handler and a coroutine. */
function errorsOf(vm: LuaVm): string {
  vm.enter('test');
  vm.compile(
    Buffer.from(`
      local texts = {}
      local function note(ok, err) texts[#texts + 1] = tostring(err) end
      note(pcall(error, "plain"))
      note(pcall(function() local t = nil; return t.x end))
      note(coroutine.resume(coroutine.create(function() error({}) end)))
      note(pcall(function() local function f() return 1 + f() end return f() end))
      note(xpcall(function() error("handled") end, function(err) return err .. "!" end))
      return table.concat(texts, "\\n"):gsub("0x%x+", "ADDRESS")`),
    '@test.lua',
  );
  const status = vm.tryCall(0, 1);
  const text = `${status} ${vm.bytes.text(vm.L, -1)}`;
  vm.leave();
  return text;
}

test.each(VERSIONS)('a machine of %s begins with less than 8 MiB', async (version) => {
  expect((await create(new LuaEngines(), version)).raw.heap().length).toBeLessThan(8 * MIB);
});

test.each(VERSIONS)(
  'a machine of %s made of the bytecode that the build keeps is no different',
  async (version) => {
    const folder = temporaryFolder();
    await writeBytecode(folder);
    const built = new LuaEngines(new Stdlib(pathToFileURL(`${folder}/`)));
    const sources = new LuaEngines();
    const text = errorsOf(await create(sources, version));
    expect(text).toMatch(/^0 plain\n/);
    expect(errorsOf(await create(built, version))).toBe(text);
    expect(sources.stdlib.chunk(version, 'errors')[0]).not.toBe(BYTECODE);
    expect(built.stdlib.chunk(version, 'errors')[0]).toBe(BYTECODE);
    rmSync(folder, { recursive: true });
  },
);

test.each(VERSIONS.flatMap((version) => EXPORTS.map(([name, direct]) => ({ version, name, direct }))))(
  'errors of $version pass the $name exports alike',
  async ({ version, direct }) => {
    const reference = errorsOf(await create(new LuaEngines(), version));
    expect(errorsOf(await create(new LuaEngines(), version, direct))).toBe(reference);
  },
);

test('what a call in protection throws that is not of Lua passes on, and the stack is put back', () => {
  const thrown = new Error('ours');
  const restored: number[] = [];
  let threw = 0;
  const imports = { env: { invoke_vii: () => expect.unreachable('the glue') } };
  const callees = [
    () => {
      throw thrown;
    },
    () => {
      throw Number.POSITIVE_INFINITY;
    },
  ];
  replaceInvoke(imports)({
    stackSave: () => 7,
    stackRestore: (at: number) => restored.push(at),
    setThrew: () => threw++,
    __indirect_function_table: { get: (i: number) => callees[i] },
  } as never);
  const invoke = imports.env.invoke_vii as unknown as (index: number, a: number, b: number) => void;
  expect(() => invoke(0, 1, 2)).toThrow(thrown);
  invoke(1, 1, 2);
  expect({ restored, threw }).toEqual({ restored: [7, 7], threw: 1 });
});

test('without the exports that it needs the glue goes on calling', () => {
  let called = 0;
  const imports = { env: { invoke_vii: () => void called++ } };
  replaceInvoke(imports)({} as never);
  imports.env.invoke_vii();
  expect(called).toBe(1);
});

test.each([
  ['no memory', [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]],
  ['nothing of a module', [1, 2, 3]],
])('a binary with %s is left alone', (_, bytes) => {
  const source = Uint8Array.from(bytes);
  expect(withSmallMemory(source)).toBe(source);
});

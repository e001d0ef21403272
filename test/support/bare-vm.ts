/**
 * A VM with the API in it and nothing around it: no application, no sockets. Before the sandbox is installed it has the
 * whole debug library, which sees what protected metatables hide.
 */
import type { ApiContext } from '../../src/lua/api/context.js';
import { installApi } from '../../src/lua/api/index.js';
import { ScriptLog } from '../../src/lua/api/script-log.js';
import { LuaEngines } from '../../src/lua/engine/engine.js';
import { Handles } from '../../src/lua/handles.js';
import { installSandbox, type SandboxOptions } from '../../src/lua/sandbox.js';
import { Stack } from '../../src/lua/stack.js';
import { LuaTable } from '../../src/lua/table.js';
import { LuaVm } from '../../src/lua/vm.js';
import { LogCapture } from './log-capture.js';

/** "print", "table.concat" and so on, a line each. */
export const ALL_GLOBALS = `
  local names = {}
  for name, value in pairs(_G) do
    names[#names + 1] = name
    if type(value) == "table" and value ~= _G and name ~= "cumulus" then
      for member in pairs(value) do names[#names + 1] = name .. "." .. tostring(member) end
    end
  end
  return table.concat(names, "\\n")`;

/** The collection's metatable is protected: its members are an upvalue. */
export const membersOf = (path: string) => `
  local index, names = debug.getmetatable(cumulus.${path}).__index, {}
  for i = 1, 9 do
    local name, value = debug.getupvalue(index, i)
    if name == "members" then for member in next, value do names[#names + 1] = member end end
  end
  return table.concat(names, " ")`;

/** As much of one as it takes to install the API. */
export async function apiContext(
  version: '5.4' | '5.1' = '5.4',
  install: (api: ApiContext) => void = () => {},
): Promise<ApiContext> {
  const quiet = { enter() {}, leave() {}, error() {}, broken() {} };
  const vm = await LuaVm.create(new LuaEngines(), { version, memory: 64 * 1024 ** 2 }, quiet);
  const stack = new Stack(vm);
  const logger = new LogCapture();
  const report = logger.log.bind(logger);
  const log = new ScriptLog(logger, stack, { application: '', title: '/', report });
  const handles = new Handles(vm, stack, () => {});
  const settings = { configs: new LuaTable(), root: '' };
  const api = { vm, stack, log, handles, settings, network: {} } as unknown as ApiContext;
  install(api);
  return api;
}

export function sandboxed(api: ApiContext): void {
  installApi(api);
  const folders = { root: '/', folder: '/', shown: 'www' };
  installSandbox(api.vm, { stack: api.stack, folders, access: 'none' } as unknown as SandboxOptions);
}

/** @returns the lines of the text that a chunk gives */
export function evaluated(vm: LuaVm, code: string): string[] {
  vm.enter('test');
  vm.compile(Buffer.from(code), '=test');
  const status = vm.tryCall(0, 1);
  const text = vm.bytes.text(vm.L, -1) ?? '';
  vm.leave();
  if (status !== 0) throw new Error(text);
  return text.split('\n');
}

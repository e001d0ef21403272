/**
 * The definitions of the API for editors: `cumulus-server types`, and that they name exactly what a script finds.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { ApiContext } from '../../src/lua/api/context.js';
import { cumulusProperties } from '../../src/lua/api/index.js';
import { mailClass } from '../../src/lua/api/mail.js';
import { ScriptLog } from '../../src/lua/api/script-log.js';
import { tcpClientClass } from '../../src/lua/api/tcp-client.js';
import { tcpServerClass } from '../../src/lua/api/tcp-server.js';
import { udpSocketClass } from '../../src/lua/api/udp-socket.js';
import { LuaEngines } from '../../src/lua/engine.js';
import type { ClassDefinition } from '../../src/lua/handles.js';
import { Stack } from '../../src/lua/stack.js';
import { LuaTable } from '../../src/lua/table.js';
import { LuaVm } from '../../src/lua/vm.js';
import { Daemons } from '../support/daemon.js';
import { DEFINITIONS, type Member, readDefinitions } from '../support/definitions.js';
import { LogCapture } from '../support/log-capture.js';
import { printed } from '../support/script.js';

const daemons = new Daemons();
const { members, globals } = readDefinitions();

afterEach(() => daemons.close());

describe('cumulus-server types', () => {
  test('prints where the definitions are', async () => {
    const { code, stdout } = await daemons.run(['types']).ended;
    expect(code).toBe(0);
    expect(readFileSync(stdout.trimEnd(), 'utf8')).toBe(readFileSync(DEFINITIONS, 'utf8'));
  });

  test('copies them into a folder, which it makes, and over an older copy', async () => {
    const cwd = daemons.folder();
    for (let i = 0; i < 2; i++) {
      const { code, stdout } = await daemons.run(['types', 'editor/types'], { cwd }).ended;
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${cwd}/editor/types/cumulus.lua\n` });
    }
    expect(readdirSync(join(cwd, 'editor/types'))).toEqual(['cumulus.lua']);
  });

  test('refuses what is no folder', async () => {
    const cwd = daemons.folder();
    writeFileSync(join(cwd, 'file'), '');
    const { code, stderr } = await daemons.run(['types', 'file'], { cwd }).ended;
    expect({ code, stderr }).toEqual({ code: 78, stderr: 'cumulus-server: file is not a folder\n' });
  });
});

describe('the definitions name exactly what a script finds', () => {
  test.each<[string, ClassDefinition<never>]>([
    ['TCPClient', tcpClientClass],
    ['TCPServer', tcpServerClass],
    ['UDPSocket', udpSocketClass],
    ['Mail', mailClass],
  ])('in a %s', (name, { name: className, methods, properties }) => {
    expect(className).toBe(name);
    expect(namesOf(name, 'method')).toEqual(Object.keys(methods).sort());
    expect(namesOf(name, 'property')).toEqual(Object.keys(properties).sort());
    const readOnly = Object.entries(properties).filter(([, { set }]) => set === undefined);
    expect(namesOf(name, 'property', 'Read-only.')).toEqual(readOnly.map(([property]) => property).sort());
  });

  test.each([
    ['TCPClient', 'tcp-client'],
    ['TCPServer', 'tcp-server'],
    ['UDPSocket', 'udp-socket'],
    ['Mail', 'mail'],
  ])('among the events of a %s', (name, file) => {
    const source = readFileSync(new URL(`../../src/lua/api/${file}.ts`, import.meta.url), 'utf8');
    const emitted = [...source.matchAll(/\.emit\(\s*[^,]+, '(\w+)'/g)].map(([, event = '']) => event);
    expect(namesOf(name, 'event')).toEqual(emitted.sort());
  });

  test('in cumulus', async () => {
    const [methods = '', fields = ''] = await printed(`
      local methods, fields = {}, {}
      for name, value in pairs(cumulus) do
        local list = type(value) == "function" and methods or fields
        list[#list + 1] = name
      end
      print(table.concat(methods, " "))
      print(table.concat(fields, " "))`);
    expect(namesOf('cumulus', 'method')).toEqual(methods.split(' ').sort());
    const getters = Object.keys(cumulusProperties(await apiContext()));
    expect(namesOf('cumulus', 'property')).toEqual([...fields.split(' '), ...getters].sort());
    expect(namesOf('cumulus', 'property', 'Read-only.')).toEqual(getters.sort());
  });

  test('in the collections of RTMFP, and in bit', async () => {
    const collection = namesOf('Collection').map((name) => `cumulus.clients.${name}`);
    const [kinds, bits = ''] = await printed(`
      local kinds = { ${collection.map((path) => `type(${path})`).join(', ')} }
      print(table.concat(kinds, " "))
      local names = {}
      for name in pairs(bit) do names[#names + 1] = name end
      print(table.concat(names, " "))`);
    expect(kinds).toBe('number function function');
    expect(namesOf('bit')).toEqual(bits.split(' ').sort());
  });

  test('among the globals, besides what Lua itself has', async () => {
    const [names = ''] = await printed(`
      local names = {}
      for name in pairs(_G) do names[#names + 1] = name end
      print(table.concat(names, " "))`);
    const ours = names.split(' ').filter((name) => !LUA.includes(name));
    const declared = [...globals.keys()].filter((name) => !EVENTS.includes(name) && name !== 'super');
    expect(ours.sort()).toEqual(declared.sort());
  });

  test('in Lua', async () => {
    const { vm } = await apiContext();
    expect(() => vm.compile(readFileSync(DEFINITIONS), '@cumulus.lua')).not.toThrow();
  });

  test('among the global events', () => {
    const source = readFileSync(new URL('../../src/app/generation.ts', import.meta.url), 'utf8');
    for (const name of EVENTS.slice(0, 3)) expect(source).toContain(`'${name}'`);
    expect([...globals.keys()]).toEqual(expect.arrayContaining(EVENTS));
  });
});

const EVENTS = ['onStart', 'onStop', 'onManage', 'onTypedObject'];

/** Of Lua 5.4, of 5.1, and of LuaJIT: the language server knows them itself. */
const LUA = `
  _G _VERSION assert collectgarbage coroutine debug dofile error getmetatable io ipairs load loadfile math next os
  package pairs pcall print rawequal rawget rawlen rawset require select setmetatable string table tonumber tostring
  type utf8 warn xpcall gcinfo getfenv jit loadstring module newproxy setfenv unpack`.split(/\s+/);

describe('every definition', () => {
  const functions = [...members].flatMap(([owner, all]) =>
    [...all]
      .filter(([, { kind }]) => kind === 'method')
      .map(([name, { text }]) => [`${owner}.${name}`, text] as const),
  );

  test.each([...functions, ...globalFunctions()])('of %s says what each argument is', (_, text) => {
    const declaration = text.split('\n').at(-1) ?? '';
    const names =
      /\((.*)\)/
        .exec(declaration)?.[1]
        ?.split(', ')
        .filter((name) => name !== '') ?? [];
    expect([...text.matchAll(/^@param (\S+?)\??(?= )/gm)].map(([, name]) => name)).toEqual(names);
  });

  test.each(['TCPClient', 'TCPServer', 'UDPSocket', 'Mail', 'cumulus'])(
    'of a property or event of %s is described',
    (owner) => {
      for (const { kind, text } of members.get(owner)?.values() ?? [])
        if (kind !== 'method') expect(text).toMatch(/ [A-Z`][^ ]+ .*\.$| Read-only\. 0\.$/);
    },
  );

  function globalFunctions() {
    return [...globals].filter(([, text]) => text.includes('\nfunction '));
  }
});

function namesOf(owner: string, kind?: Member['kind'], text = ''): string[] {
  return [...(members.get(owner) ?? [])]
    .filter(([, member]) => (kind === undefined || member.kind === kind) && member.text.includes(text))
    .map(([name]) => name)
    .sort();
}

/** As much of one as the properties need. */
async function apiContext(): Promise<ApiContext> {
  const quiet = { enter() {}, leave() {}, error() {}, broken() {} };
  const vm = await LuaVm.create(new LuaEngines(), { version: '5.4', memory: 64 * 1024 ** 2 }, quiet);
  const stack = new Stack(vm);
  const log = new ScriptLog(new LogCapture(), stack, '');
  return { vm, stack, log, settings: { configs: new LuaTable(), root: '' } } as unknown as ApiContext;
}

const LANGUAGE_SERVER = 'lua-language-server';

test.skipIf(spawnSync(LANGUAGE_SERVER, ['--version']).status !== 0)(
  'the language server finds nothing to say about the examples',
  () => {
    const folder = daemons.folder();
    cpSync(new URL('../../scripts', import.meta.url), join(folder, 'scripts'), { recursive: true });
    mkdirSync(join(folder, 'log'));
    const settings = {
      'runtime.version': 'Lua 5.4',
      'workspace.library': [join(DEFINITIONS, '..')],
      'diagnostics.disable': ['lowercase-global', 'inject-field'],
    };
    writeFileSync(join(folder, 'scripts/.luarc.json'), JSON.stringify(settings));
    const args = [
      `--check=${join(folder, 'scripts')}`,
      '--checklevel=Warning',
      `--logpath=${join(folder, 'log')}`,
    ];
    const { stdout } = spawnSync(LANGUAGE_SERVER, args, { encoding: 'utf8' });
    expect(stdout).toContain('no problems found');
  },
);

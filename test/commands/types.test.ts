/**
 * The definitions of the API for editors: `cumulus-server types`, and that they name exactly what a script finds.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { cumulusProperties, installApi } from '../../src/lua/api/index.js';
import { mailClass } from '../../src/lua/api/mail.js';
import { tcpClientClass } from '../../src/lua/api/tcp-client.js';
import { tcpServerClass } from '../../src/lua/api/tcp-server.js';
import { udpSocketClass } from '../../src/lua/api/udp-socket.js';
import type { ClassDefinition } from '../../src/lua/object-class.js';
import { ALL_GLOBALS, apiContext, evaluated, membersOf, sandboxed } from '../support/bare-vm.js';
import { Daemons } from '../support/daemon.js';
import { DEFINITIONS, type Member, readDefinitions } from '../support/definitions.js';
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

  test.each([
    ['Collection', 'clients', ''],
    ['Groups', 'groups', 'Collection'],
    ['Collection', 'publications', ''],
    ['Servers', 'servers', 'Broadcaster Collection'],
    ['Broadcaster', 'servers.initiators', 'Collection'],
    ['Broadcaster', 'servers.targets', 'Collection'],
  ])('in a %s, cumulus.%s', async (name, path, above) => {
    const { vm } = await apiContext('5.4', (api) => installApi(api));
    const [found = ''] = evaluated(vm, membersOf(path));
    const inherited = above.split(' ').flatMap((parent) => namesOf(parent));
    // `count` is not among the members: it is asked for.
    expect([...namesOf(name), ...inherited].sort()).toEqual(['count', ...found.split(' ')].sort());
  });

  test.each(['5.4', '5.1'] as const)(
    "in Lua's libraries, besides what Lua 5.4 itself has, in %s",
    async (version) => {
      const own = new Set(evaluated((await apiContext()).vm, ALL_GLOBALS));
      const { vm } = await apiContext(version, sandboxed);
      const found = evaluated(vm, ALL_GLOBALS);
      const declared = [
        ...globals.keys(),
        ...LIBRARIES.flatMap((owner) => namesOf(owner).map((n) => `${owner}.${n}`)),
      ];
      const missing = declared.filter(
        (name) => !EVENTS.includes(name) && name !== 'super' && !found.includes(name),
      );
      expect(missing).toEqual([]);
      expect(found.filter((name) => !own.has(name) && !declared.includes(name))).toEqual([]);
    },
  );

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

/** What other libraries than ours are extended by. */
const LIBRARIES = ['bit', 'jit', 'math', 'package', 'string', 'table'];

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

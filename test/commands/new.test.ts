/** `cumulus-server new`: what it makes, what it refuses, and that what it has made works. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { TEMPLATES } from '../../src/commands/new.js';
import { Daemons } from '../support/daemon.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { UdpPeer } from '../support/udp.js';

const daemons = new Daemons();

afterEach(() => daemons.close());

/** Runs `new` in an empty folder, or in `cwd`. */
async function create(args: readonly string[], cwd = daemons.folder()) {
  return { ...(await daemons.run(['new', ...args], { cwd }).ended), cwd };
}

function read(cwd: string, file: string): string {
  return readFileSync(join(cwd, file), 'utf8');
}

describe('in an empty folder', () => {
  test('makes a configuration, main.lua, .luarc.json and a README of ten lines, and says what to do next', async () => {
    const { code, stdout, stderr, cwd } = await create(['hello']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`created CumulusServer.ini
created www/hello/main.lua
created www/hello/.luarc.json
created www/hello/README.md

Run it:   cumulus-server
Then edit main.lua: saving it reloads the application.
`);
    expect(readdirSync(join(cwd, 'www/hello')).sort()).toEqual(['.luarc.json', 'README.md', 'main.lua']);
    expect(read(cwd, 'www/hello/README.md').trimEnd().split('\n')).toHaveLength(10);
    expect(read(cwd, 'www/hello/main.lua')).toContain('-- all has been consumed');
  });

  test('.luarc.json leads the language server to the definitions', async () => {
    const { cwd } = await create(['hello']);
    const settings = JSON.parse(read(cwd, 'www/hello/.luarc.json'));
    expect(settings['runtime.version']).toBe('Lua 5.4');
    expect(existsSync(join(settings['workspace.library'][0], 'cumulus.lua'))).toBe(true);
  });
});

test('an existing configuration says where applications are, and in which Lua', async () => {
  const folder = daemons.folder();
  mkdirSync(join(folder, 'etc'));
  writeFileSync(join(folder, 'etc/a.ini'), '[applications]\npath=../apps\n[lua]\nversion=5.1\n');
  const { code, stdout } = await create(
    ['Games/lobby', '--config', 'etc/a.ini', '--template', 'chat'],
    folder,
  );
  expect(code).toBe(0);
  expect(stdout).toContain('created apps/Games/lobby/main.lua\n');
  expect(stdout).toContain('Run it:   cumulus-server --config etc/a.ini\n');
  expect(JSON.parse(read(folder, 'apps/Games/lobby/.luarc.json'))['runtime.version']).toBe('Lua 5.1');
});

describe('refuses, and makes nothing,', () => {
  test('a folder that exists', async () => {
    const folder = daemons.folder();
    mkdirSync(join(folder, 'www/hello'), { recursive: true });
    const { code, stderr } = await create(['hello'], folder);
    expect(code).toBe(78);
    expect(stderr).toBe(`cumulus-server: ${folder}/www/hello exists already: nothing was changed\n`);
    expect(readdirSync(folder)).toEqual(['www']);
    expect(readdirSync(join(folder, 'www/hello'))).toEqual([]);
  });

  test.each(['../up', '/root', 'a//b', 'a/../b', '.hidden', 'a/.b', 'a b', 'ä', 'a\nb', 'a\\b', ''])(
    'the name %j',
    async (name) => {
      const { code, stderr, cwd } = await create(['--', name]);
      expect(code).toBe(78);
      expect(stderr).toContain("cannot be an application's name: letters, digits, ");
      expect(readdirSync(cwd)).toEqual([]);
    },
  );

  test.each(['nosuch', 'toString'])('the template %s', async (template) => {
    const { code, stderr, cwd } = await create(['hello', '--template', template]);
    expect(code).toBe(78);
    expect(stderr).toBe(
      `cumulus-server: there is no template "${template}"; there are: echo, udp, chat, line-protocol, mail\n`,
    );
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('no name', async () => {
    const { code, stderr } = await create([]);
    expect(code).toBe(78);
    expect(stderr).toContain('give the application a name, such as: cumulus-server new hello');
  });

  test('a place that cannot be written to, without a stack trace', async () => {
    const folder = daemons.folder();
    writeFileSync(join(folder, 'file'), '');
    const { code, stderr } = await create(['hello', '--config', 'file/a.ini'], folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^cumulus-server: ENOTDIR: not a directory, .*file\/www.*\n$/);
  });
});

test('--list names the templates and what each is for', async () => {
  const { code, stdout, cwd } = await create(['--list']);
  expect(code).toBe(0);
  expect(stdout.match(/^\S+(?= +\S)/gm)).toEqual(['echo', 'udp', 'chat', 'line-protocol', 'mail']);
  expect(readdirSync(cwd)).toEqual([]);
});

describe('the application made from', () => {
  const expectations: Record<string, (port: number, cwd: string) => Promise<void>> = {
    async echo(port) {
      const peer = await Peer.connect(port);
      peer.send('hello');
      expect(String(await peer.read(5))).toBe('hello');
      peer.close();
    },
    async udp(port) {
      const peer = await UdpPeer.bind();
      await peer.send('hello', port);
      expect(await peer.nextText()).toBe('hello');
      peer.close();
    },
    async chat(port) {
      const [ann, bob] = [await Peer.connect(port), await Peer.connect(port)];
      for (const [peer, name] of [
        [ann, 'Ann'],
        [bob, 'Bob'],
      ] as const) {
        expect(await peer.readUntil()).toBe('Your name?\n');
        peer.send(`${name}\n`);
        expect(await peer.readUntil()).toBe(`Hello ${name}.\n`);
      }
      expect(await ann.readUntil()).toBe('* Bob has joined\n');
      bob.send('hi th');
      bob.send('ere\n');
      expect(await ann.readUntil()).toBe('Bob: hi there\n');
      bob.close();
      expect(await ann.readUntil()).toBe('* Bob has left\n');
      ann.close();
    },
    async 'line-protocol'(port) {
      const peer = await Peer.connect(port);
      peer.send('SET lamp on\r\nGET lamp\nGET none\nLIST\nNONSENSE\nQUIT\n');
      expect(String(await peer.readAll())).toBe(
        'OK\nOK on\nERROR no such key\nOK lamp\nERROR unknown command\nBYE\n',
      );
      peer.close();
    },
    async mail(port, cwd) {
      const peer = await Peer.connect(port);
      peer.send('somebody@example.org Hello there\n');
      expect(await peer.readUntil()).toBe('sent to somebody@example.org\n');
      peer.close();
      const [file = ''] = readdirSync(join(cwd, 'outbox'));
      expect(read(cwd, `outbox/${file}`)).toMatch(/To: somebody@example\.org[\s\S]*Hello there/);
    },
  };

  test.each(Object.keys(TEMPLATES))('%s runs and answers', async (template) => {
    const { cwd } = await create(['mine', '--template', template]);
    const port = await freePort();
    const main = join(cwd, 'www/mine/main.lua');
    const text = readFileSync(main, 'utf8').replace(
      /^(local (?:PORT = |ADDRESS = "0\.0\.0\.0:))\d+/m,
      `$1${port}`,
    );
    expect(text).toContain(String(port));
    writeFileSync(main, text);
    const daemon = daemons.run([], { cwd });
    await daemon.waitFor('1 of 1 applications running');
    await expectations[template]?.(port, cwd);
    daemon.signal('SIGTERM');
    const { code, stdout, stderr } = await daemon.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toMatch(/ERROR|WARN(?!.* took )/);
  });
});

/** The systemd unit that is shipped, looked at by systemd's own tools where they are. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { BINARY, Daemons } from '../support/daemon.js';
import { applicationFolder, freePort, LUA_VERSION } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const CONF = new URL('../../conf/', import.meta.url).pathname;
const UNIT = join(CONF, 'cumulus-server.service');

const daemons = new Daemons();

afterEach(() => daemons.close());

function has(command: string): boolean {
  return spawnSync(command, ['--version']).status === 0;
}

function analyze(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['--no-pager', ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe.skipIf(!has('systemd-analyze'))('systemd-analyze', () => {
  test('verify finds nothing to say about the unit, installed as the README says', () => {
    const root = daemons.folder();
    const units = join(root, 'etc/systemd/system');
    mkdirSync(units, { recursive: true });
    cpSync(UNIT, join(units, 'cumulus-server.service'));
    for (const target of ['sysinit', 'basic', 'network-online', 'shutdown', 'multi-user'])
      writeFileSync(join(units, `${target}.target`), '[Unit]\n');
    for (const program of ['opt/cumulus-server/bin/cumulus-server', 'bin/kill']) {
      mkdirSync(join(root, program, '..'), { recursive: true });
      writeFileSync(join(root, program), '#!/bin/sh\n', { mode: 0o755 });
    }
    const result = analyze('verify', `--root=${root}`, 'cumulus-server.service');
    expect(result).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('security rates its exposure 2.5 of 10 or better', () => {
    const { status, stdout } = analyze('security', '--offline=true', '--threshold=25', UNIT);
    expect(stdout).toContain('Overall exposure level for cumulus-server.service');
    expect(status).toBe(0);
  });

  test.skipIf(!has('strace'))(
    'every system call that the server makes passes the filter of the unit',
    async () => {
      const used = await systemCalls();
      expect(used).toEqual(expect.arrayContaining(['accept4', 'execve', 'sendmsg']));
      const allowed = allowedCalls();
      expect(used.filter((name) => !allowed.has(name))).toEqual([]);
    },
  );
});

test('the configuration of the service is a good one and keeps the lines in the journal', () => {
  const { config, warnings } = loadConfig(join(CONF, 'CumulusServer.ini'));
  expect(warnings).toEqual([]);
  expect(config.applications.path).toBe('/srv/cumulus-server/www');
  expect(config.logs.directory).toBeUndefined();
});

/** The names of the calls of a server that serves, looks a name up, writes a log file, starts a process, reloads and stops. */
async function systemCalls(): Promise<string[]> {
  const port = await freePort();
  const main = `
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data) self:send(data) end
    end
    assert(server:start(${port}))
    socket = cumulus:createUDPSocket()
    socket:connect("localhost:9")
    socket:send("x")
    client = cumulus:createTCPClient()
    function client:onDisconnection() NOTE("refused: ", self.error) end
    client:connect("localhost", 1)`;
  const place = applicationFolder(main, '[logs]\ndirectory=logs\n');
  const counts = join(place.folder, 'strace');
  const args = ['-f', '-c', '-o', counts, process.execPath, BINARY, '--config', place.iniFile];
  const daemon = daemons.runCommand('strace', args, {
    env: {
      NOTIFY_SOCKET: join(place.folder, 'nobody'),
      WATCHDOG_USEC: '200000',
      CUMULUS_TEST_LUA: LUA_VERSION,
    },
  });
  await daemon.waitFor('refused: ');
  const peer = await Peer.connect(port);
  peer.send('x');
  await peer.read(1);
  place.write('main.lua', `${main}\n-- changed`);
  await daemon.waitFor('reloaded as generation 2');
  peer.close();
  const pid = Number(spawnSync('pgrep', ['-P', String(daemon.pid)], { encoding: 'utf8' }).stdout);
  for (const signal of ['SIGHUP', 'SIGUSR2', 'SIGTERM'] as const) process.kill(pid, signal);
  expect((await daemon.ended).code).toBe(0);
  const rows = readFileSync(counts, 'utf8').split('\n');
  return rows
    .flatMap((row) => /^ *[\d.]+ +[\d.]+ +\d+ +\d+ +(?:\d+ +)?([a-z]\w+)$/.exec(row)?.[1] ?? [])
    .filter((name) => name !== 'total');
}

/** The unit's SystemCallFilter lines, resolved as systemd does: sets that are allowed, less those that are denied. */
function allowedCalls(): Set<string> {
  const sets = callSets(analyze('syscall-filter').stdout);
  const resolve = (name: string): string[] =>
    (sets.get(name) ?? [name]).flatMap((part) => (sets.has(part) ? resolve(part) : [part]));
  const allowed = new Set(resolve('@default'));
  for (const [, filter = ''] of readFileSync(UNIT, 'utf8').matchAll(/^SystemCallFilter=(.*)$/gm)) {
    const denied = filter.startsWith('~');
    for (const call of filter.replace('~', '').split(' ').flatMap(resolve)) {
      if (denied) allowed.delete(call);
      else allowed.add(call);
    }
  }
  return allowed;
}

function callSets(text: string): Map<string, string[]> {
  const sets = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('@')) {
      current = [];
      sets.set(line.trim(), current);
    } else if (/^ {4}[@\w]/.test(line)) {
      current.push(line.trim());
    }
  }
  return sets;
}

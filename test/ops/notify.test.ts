/** What systemd is told, through a real notification socket. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Daemons } from '../support/daemon.js';
import { canNotify, NotifySocket } from '../support/notify-socket.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const daemons = new Daemons();

afterEach(() => daemons.close());

describe.skipIf(!canNotify())('with NOTIFY_SOCKET', () => {
  let socket: NotifySocket;

  beforeEach(async () => {
    socket = await NotifySocket.open();
  });

  afterEach(() => socket.close());

  const start = (files: string | Record<string, string>, env: Record<string, string> = {}, ini = '') =>
    daemons.start(files, ini, [], { env: { NOTIFY_SOCKET: socket.path, ...env } });

  test('READY comes when every application has started, with the counts; STOPPING comes last', async () => {
    const { daemon } = start({ 'a/main.lua': '', 'b/main.lua': 'error("no")' });
    const ready = await socket.waitFor('READY');
    expect(ready.values).toEqual({ READY: '1', STATUS: '1 of 2 applications running; failed: /b' });
    // The console and the notification are two ways: one can be there before the other.
    await daemon.waitFor('application /b not started');
    daemon.signal('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
    await socket.waitFor('STOPPING');
    expect(socket.messages.map(({ values }) => Object.keys(values))).toEqual([
      ['READY', 'STATUS'],
      ['STOPPING', 'STATUS'],
    ]);
  });

  test('STATUS follows what starts, fails and stops', async () => {
    const { place } = start({ 'a/main.lua': '' });
    await socket.waitFor('READY');
    place.write('b/main.lua', '');
    await socket.waitFor('STATUS', '2 of 2 applications running');
    place.write('c/main.lua', 'error("no")');
    await socket.waitFor('STATUS', '2 of 3 applications running; failed: /c');
    place.remove('b');
    place.remove('c');
    await socket.waitFor('STATUS', '1 of 1 applications running', 1);
    expect(socket.messages.filter(({ values }) => 'READY' in values)).toHaveLength(1);
  });

  test('SIGHUP is RELOADING, with the time that systemd wants, then READY', async () => {
    const { daemon, place } = start('NOTE("one")', {}, '[reload]\nenabled=false');
    await socket.waitFor('READY');
    place.write('main.lua', 'NOTE("two, which is longer")');
    daemon.signal('SIGHUP');
    const reloading = await socket.waitFor('RELOADING', '1');
    expect(Number(reloading.values['MONOTONIC_USEC'])).toBeGreaterThan(0);
    await socket.waitFor('READY', '1', socket.messages.indexOf(reloading));
    await daemon.waitFor('two, which is longer');
  });

  test('WATCHDOG comes at half of the interval, and not while a script blocks the event loop', async () => {
    const port = await freePort();
    const spin = `
      server = cumulus:createTCPServer()
      function server:clientHandler(client)
        function client:onReception()
          local start = cumulus.epochTime
          repeat local now = cumulus.epochTime until now - start > 1500
          self:send(("%.0f %.0f\\n"):format(start, cumulus.epochTime))
        end
      end
      assert(server:start(${port}))
    `;
    start(spin, { WATCHDOG_USEC: '300000' });
    const alive = () => socket.messages.filter(({ values }) => values['WATCHDOG'] === '1');
    await socket.waitFor('WATCHDOG');
    const peer = await Peer.connect(port);
    peer.send('x');
    const [from = 0, to = 0] = (await peer.readUntil()).split(' ').map(Number);
    await socket.waitFor('WATCHDOG', '1', socket.messages.length);
    // One may have been on its way when the loop stopped.
    const late = alive().filter(({ time }) => time > from + 300 && time < to);
    expect(to - from).toBeGreaterThan(1400);
    expect(late).toEqual([]);
    peer.close();
  });

  test('a watchdog that is meant for another process is not served', async () => {
    start('', { WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' });
    await socket.waitFor('READY');
    const { daemon } = start('', { WATCHDOG_USEC: '20000' });
    await socket.waitFor('WATCHDOG');
    daemon.signal('SIGTERM');
    await daemon.ended;
    const count = socket.messages.length;
    const probe = start('');
    await socket.waitFor('READY', '1', count);
    expect(socket.messages.slice(count).filter(({ values }) => 'WATCHDOG' in values)).toEqual([]);
    await probe.daemon.kill();
  });

  test('a required application that does not start: never READY', async () => {
    const { daemon } = start({ 'a/main.lua': 'error("no")' }, {}, '[applications]\nrequired=/a');
    expect((await daemon.ended).code).toBe(1);
    expect(socket.messages).toEqual([]);
  });
});

test('without NOTIFY_SOCKET nothing is started, not even systemd-notify', async () => {
  const { daemon } = daemons.start('', '', [], { env: { NOTIFY_SOCKET: '', PATH: '/nowhere' } });
  await daemon.waitFor('running');
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toMatchObject({ code: 0, stderr: '' });
  expect(daemon.stdout).not.toContain('WARN');
});

test('without systemd-notify the server runs, and says once what is missing', async () => {
  const env = { NOTIFY_SOCKET: '/nowhere/notify', PATH: '/nowhere' };
  const { daemon } = daemons.start('', '', [], { env });
  await daemon.waitFor('cannot tell systemd about the state: systemd-notify: ');
  daemon.signal('SIGTERM');
  const { code, stdout } = await daemon.ended;
  expect(code).toBe(0);
  expect(stdout.match(/cannot tell systemd/g)).toHaveLength(1);
});

/** The Lua machine of a version that is over is given back, whatever it was that ended it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Census } from '../support/census.js';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { UdpPeer } from '../support/udp.js';

let census: Census;
let running: TestServer | undefined;

beforeEach(() => {
  census = new Census();
});

afterEach(async () => {
  census.stop();
  await running?.stop();
  running = undefined;
});

async function start(main: string, ini = ''): Promise<TestServer> {
  running = await startServer({ 'a/main.lua': main }, `[reload]\nenabled=false\n${ini}`);
  return running;
}

async function reload(main: string): Promise<void> {
  running?.write('a/main.lua', main);
  await running?.server.refresh();
}

test('after a start that failed no machine is left', async () => {
  await start('error("no")');
  expect(await census.remaining()).toEqual([]);
});

test('after a reload, a refused one and a roll-back there is one machine', async () => {
  await start('n = 1');
  await reload('n = 2');
  expect(await census.remaining(1)).toEqual(['/a']);
  await reload('n = = 3');
  expect(await census.remaining(1)).toEqual(['/a']);
  await reload('error("no")');
  expect(await census.remaining(1)).toEqual(['/a']);
});

test('after an application was removed no machine is left', async () => {
  const { remove, server } = await start('n = 1');
  remove('a/main.lua');
  await server.refresh();
  expect(await census.remaining()).toEqual([]);
});

test('what a version that has been replaced opens when its mail is reported is closed again', async () => {
  const port = await freePort();
  const { log } = await start('n = 1', `[smtp]\nhost=127.0.0.1\nport=${await freePort()}\n`);
  await reload(`mail = cumulus:sendMail('a@localhost', 'subject', 'text', 'b@localhost')
    function mail:onSent()
      server, socket, client = cumulus:createTCPServer(), cumulus:createUDPSocket(), cumulus:createTCPClient()
      client:connect('127.0.0.1', ${port})
      socket:bind('127.0.0.1:${port}')
      NOTE('listens: ', server:start(${port}))
    end`);
  await reload('n = 3');
  await log.waitFor('listens: (true)');
  await expect(Peer.connect(port)).rejects.toThrow('ECONNREFUSED');
  const socket = await UdpPeer.bind('127.0.0.1', port);
  socket.close();
  expect(await census.remaining(1)).toEqual(['/a']);
});

/** Memory that is gone at the very moment at which something has been opened: it is closed, not lost. */
import { afterEach, expect, test } from 'vitest';
import { captureEngines, type EngineCapture } from '../support/engines.js';
import { resources, settled } from '../support/resources.js';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { PeerServer } from '../support/tcp.js';

let running: TestServer | undefined;
let engines: EngineCapture | undefined;

afterEach(async () => {
  engines?.stop();
  await running?.stop();
  running = undefined;
});

test.each([
  ['a client', 'cumulus:createTCPClient():connect("127.0.0.1", OTHER)'],
  ['a server', 'cumulus:createTCPServer():start(PORT)'],
  ['a UDP socket', 'cumulus:createUDPSocket():bind("127.0.0.1:PORT")'],
])('%s that cannot be kept is closed', async (_, open) => {
  const port = await freePort();
  const before = resources();
  const other = await PeerServer.listen();
  engines = captureEngines();
  const main = `NOTE('now') NOTE(pcall(function() return ${open} end)) NOTE('over')`;
  running = await startServer('', '[reload]\nenabled=false\n');
  const { log, write, server } = running;
  log.onLine = (text) => {
    const raw = engines?.made.at(-1);
    if (text !== 'now' || !raw) return;
    const { refset } = raw;
    // As the registry does when it cannot grow.
    Object.assign(raw, {
      refset: (L: number, slot: number) => {
        Object.assign(raw, { refset });
        refset(L, slot);
        throw new RangeError('array too long');
      },
    });
  };
  write('main.lua', main.replace('OTHER', String(other.port)).replace('PORT', String(port)));
  await server.refresh();
  expect(log.texts('note')).toContain('over');
  expect(log.texts('note').join()).toContain('(false)');
  // Of a connection the other side sees the end.
  if (open.includes('connect')) await (await other.next()).readAll();
  await other.close();
  await running.stop();
  running = undefined;
  expect(await settled(before)).toEqual([]);
});

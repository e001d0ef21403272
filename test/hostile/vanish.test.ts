/** Connections that vanish in the backlog, or as soon as they are accepted. */
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { Actor, Stage } from './stage.js';

const closing = closeAfterEach();

/** Greets everybody; every client that it is given must have been somebody. */
const VICTIM = `
  local begun, ended = 0, 0
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    begun = begun + 1
    if not client.peerAddress or not client.address then ERROR('a client without addresses') end
    client:send('welcome')
    function client:onReception(data) self:send(data) end
    function client:onDisconnection() ended = ended + 1 end
  end
  function onStop() NOTE(begun - ended, ' left, open ', server.connections) end
  assert(server:start(PORT))
`;

/** Less than Node's backlog of 511: the kernel would have the others wait for a second. */
const BACKLOG = 400;

test('three thousand that connect and vanish disturb nobody', async () => {
  const stage = closing(await Stage.open(VICTIM));
  const load = closing(new Actor('vanish.js'));
  const connected = await stage.endure(load, () =>
    load.ask<number>('vanish', { port: stage.port, count: 3000 }),
  );
  expect(connected).toBe(2000);
  expect(stage.log()).toEqual([]);
  await stage.close();
  expect(stage.daemon.stdout).toContain(' 0 left, open 0\n');
});

test('what has vanished in the backlog while the daemon did not run leaves nothing behind', async () => {
  const stage = closing(await Stage.open(VICTIM));
  const before = stage.openSockets();
  const load = closing(new Actor('vanish.js'));
  for (let round = 0; round < 5; round++) {
    stage.daemon.signal('SIGSTOP');
    try {
      expect(await load.ask<number>('fill', { port: stage.port, count: BACKLOG })).toBe(BACKLOG);
    } finally {
      stage.daemon.signal('SIGCONT');
    }
    await stage.settled(before);
  }
  expect(stage.log()).toEqual([]);
  await stage.close();
  expect(stage.daemon.stdout).toContain(' 0 left, open 0\n');
});

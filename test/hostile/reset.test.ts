/** Resets in the middle of everything: each is the end of one connection and nothing else. */
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { Actor, Stage } from './stage.js';

const closing = closeAfterEach();

/** Greets, so that it sends in clientHandler; counts, so that no end is missed or told twice. */
const VICTIM = `
  local begun, ended, big = 0, 0, ('x'):rep(3000000)
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    begun = begun + 1
    client:send('welcome to this server')
    function client:onReception(data)
      local first = data:sub(1, 1)
      if first == 'e' then self:send(data) end
      if first == 'b' then self:send(big) end
      if first == 'q' then self:disconnect() end
    end
    function client:onDisconnection()
      ended = ended + 1
      if self.connected or self.address or self.peerAddress then ERROR('not over') end
    end
  end
  function onStop() NOTE(begun - ended, ' left of ', begun, ', open ', server.connections) end
  assert(server:start(PORT))
`;

const EACH = 100;

test('resets at every moment of a connection end it, once, and disturb nobody', async () => {
  const stage = closing(await Stage.open(VICTIM));
  const load = closing(new Actor('reset.js'));
  const done = await stage.endure(load, () =>
    load.ask<Record<string, number>>('reset', { port: stage.port, count: EACH }),
  );
  expect(Object.keys(done).length).toBe(7);
  expect(Object.values(done).every((count) => count === EACH)).toBe(true);
  expect(stage.log()).toEqual([]);
  await stage.close();
  const [, begun] = / 0 left of (\d+), open 0\n/.exec(stage.daemon.stdout) ?? [];
  // Who is gone before anybody has looked was nobody.
  expect(Number(begun)).toBeGreaterThanOrEqual(5 * EACH);
});

/** Peers that never read what they are sent: what piles up for them must stay small, and be nobody else's trouble. */
import { expect, test } from 'vitest';
import { memoryOf } from '../bench/harness/usage.js';
import { closeAfterEach } from '../support/closing.js';
import { Actor, Stage } from './stage.js';

const closing = closeAfterEach();

const MIB = 1_048_576;

const ECHO = `
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    function client:onReception(data) self:send(data) end
  end
  assert(server:start(PORT))
`;

/** Whatever anybody says, all get the same message; the most that is pending for one of them is printed. */
const broadcast = (size: number) => `
  local all, message, most = {}, ('x'):rep(${size}), 0
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    all[client] = true
    function client:onReception()
      for other in pairs(all) do
        other:send(message)
        most = math.max(most, other.pending)
      end
    end
    function client:onDisconnection() all[self] = nil end
  end
  function onStop() NOTE('most ', ('%d'):format(most)) end
  assert(server:start(PORT))
`;

test('a KiB each 100 ms for a thousand that never read does not disturb a neighbour', async () => {
  const stage = closing(await Stage.open(broadcast(1024)));
  const load = closing(new Actor('unread.js'));
  const options = { port: stage.port, count: 1000, period: 100, times: 30 };
  const sent = await stage.endure(load, () => load.ask<number>('broadcast', options));
  expect(sent).toBe(30);
  expect(stage.log()).toEqual([]);
});

test('a thousand that write and never read their echo do not disturb a neighbour', async () => {
  const stage = closing(await Stage.open(ECHO));
  const load = closing(new Actor('unread.js'));
  const options = { port: stage.port, count: 1000, size: 1024, period: 100, times: 30 };
  const open = await stage.endure(load, () => load.ask<number>('write', options));
  expect(open).toBe(1000);
  expect(stage.log()).toEqual([]);
});

test('what a hundred of them are sent alike is kept once, and does not disturb a neighbour', async () => {
  const stage = closing(await Stage.open(broadcast(262_144)));
  const load = closing(new Actor('unread.js'));
  const before = await memoryOf(stage.daemon.child);
  const options = { port: stage.port, count: 100, period: 100, times: 35 };
  const after = await stage.endure(load, async () => {
    await load.ask('broadcast', options);
    return memoryOf(stage.daemon.child);
  });
  expect(stage.log()).toEqual([]);
  await stage.close();
  const most = Number(/most (\d+)/.exec(stage.daemon.stdout)?.[1]);
  // Each of the hundred has more than this outstanding; together they need less than a tenth of the sum.
  expect(most).toBeGreaterThan(3 * MIB);
  expect(after - before).toBeLessThan(100 * MIB);
});

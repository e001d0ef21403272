/** Half-closes: each side may end its direction while the other one still sends. Nothing is lost, nothing stays. */
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { Actor, Stage } from './stage.js';

const closing = closeAfterEach();

/** An echo, except that "q" ends the connection while the peer goes on sending. */
const VICTIM = `
  local begun, ended = 0, 0
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    begun = begun + 1
    function client:onReception(data)
      if data:sub(1, 1) == 'q' then self:disconnect() else self:send(data) end
    end
    function client:onDisconnection()
      ended = ended + 1
      if self.error then ERROR(self.error) end
    end
  end
  function onStop() NOTE(begun - ended, ' left of ', begun) end
  assert(server:start(PORT))
`;

test('half-closes in both directions with data on its way lose nothing and disturb nobody', async () => {
  const stage = closing(await Stage.open(VICTIM));
  const load = closing(new Actor('half-close.js'));
  const { port } = stage;
  const [echoed, ended] = await stage.endure(load, () =>
    Promise.all([
      load.ask<number>('exchange', { port, count: 400, size: 400_000, first: 'e' }),
      load.ask<number>('exchange', { port, count: 400, size: 400_000, first: 'q' }),
    ]),
  );
  expect([echoed, ended]).toEqual([400, 400]);
  expect(stage.log()).toEqual([]);
  await stage.close();
  expect(stage.daemon.stdout).toContain(' 0 left of 800\n');
});

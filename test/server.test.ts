import { afterEach, expect, test } from 'vitest';
import { freePort, startServer, type TestServer } from './support/server.js';
import { Peer } from './support/tcp.js';

let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

test('a script serves a TCP echo', async () => {
  const port = await freePort();
  running = await startServer(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data) self:send(data) return 0 end
    end
    assert(server:start(${port}))
  `);
  const peer = await Peer.connect(port);
  peer.send('hello');
  expect((await peer.read(5)).toString()).toBe('hello');
  peer.close();
});

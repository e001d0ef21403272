import { createSocket } from 'node:dgram';
import { afterEach, expect, test } from 'vitest';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { UdpPeer } from '../support/udp.js';

let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const both = (port: number, name: string) => `
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    clients = (clients or 0) + 1
    client:send("${name}\\n")
    function client:onReception(data) self:send(data) return 0 end
    function client:onDisconnection() NOTE("${name} lost a client") end
  end
  assert(server:start(${port}))
  socket = cumulus:createUDPSocket()
  function socket:onReception(data, address) self:send("${name} " .. data, address) end
  assert(not socket:bind("127.0.0.1:${port}"))
`;

test('five reloads in a row rebind the same TCP and UDP ports, and no connect or datagram is refused', async () => {
  const port = await freePort();
  running = await startServer(both(port, 'v1'));
  const udp = createSocket('udp4');
  const answers: string[] = [];
  udp.on('message', (message) => answers.push(message.toString()));
  for (let i = 2; i <= 6; i++) {
    running.write('main.lua', both(port, `v${i}`));
    await running.log.waitFor(`reloaded as generation ${i}`);
    const peer = await Peer.connect(port);
    expect(await peer.readUntil()).toBe(`v${i}\n`);
    peer.close();
    udp.send('hi', port, '127.0.0.1');
    await new Promise((resolve) => udp.once('message', resolve));
    expect(answers.at(-1)).toBe(`v${i} hi`);
  }
  udp.close();
  expect(running.log.texts('error')).toEqual([]);
});

test('connects during reloads are all served by one version or the other', async () => {
  const port = await freePort();
  running = await startServer(both(port, 'v1'), '[reload]\ndelay=5\n');
  let generation = 1;
  let done = false;
  const reloads = (async () => {
    while (generation < 11) {
      generation++;
      running?.write('main.lua', both(port, `v${generation}`));
      await running?.log.waitFor(`reloaded as generation ${generation}`);
    }
    done = true;
  })();
  const served = new Set<string>();
  while (!done) {
    // A version's onReception may be gone before it answers, but its clientHandler has had the connection.
    const peer = await Peer.connect(port);
    served.add(await peer.readUntil());
    peer.close();
  }
  await reloads;
  expect(served.size).toBeGreaterThan(1);
});

test('a port that the new version does not listen on is closed', async () => {
  const port = await freePort();
  running = await startServer(both(port, 'v1'));
  running.write('main.lua', 'NOTE("nothing")');
  await running.log.waitFor('reloaded as generation 2');
  await expect(Peer.connect(port)).rejects.toThrow('ECONNREFUSED');
});

test('onStop can still send to its connections', async () => {
  const port = await freePort();
  running = await startServer(`${both(port, 'v1')}
    local seen = {}
    local old = server.clientHandler
    function server:clientHandler(client) seen[#seen + 1] = client; return old(self, client) end
    function onStop() for _, client in ipairs(seen) do client:send("bye") end end
  `);
  const peer = await Peer.connect(port);
  await peer.readUntil();
  running.write('main.lua', both(port, 'v2'));
  expect((await peer.readAll()).toString()).toBe('bye');
  peer.close();
});

test('unread bytes of the old version are dropped with its connection, not given to the new one', async () => {
  const port = await freePort();
  const keeping = `
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data) NOTE("has ", #data) return #data end
    end
    server:start(${port})
  `;
  running = await startServer(keeping);
  const peer = await Peer.connect(port);
  peer.send('abc');
  await running.log.waitFor('has 3');
  running.write('main.lua', `${keeping} -- changed`);
  await peer.readAll();
  const second = await Peer.connect(port);
  second.send('de');
  await running.log.waitFor('has 2');
  peer.close();
  second.close();
});

test('with drain the old version keeps serving its connections and ends with the last of them', async () => {
  const port = await freePort();
  running = await startServer(both(port, 'v1'), '[reload]\ndrain=30\n');
  const first = await Peer.connect(port);
  await first.readUntil();
  running.write('main.lua', both(port, 'v2'));
  await running.log.waitFor('1 connection draining');
  const second = await Peer.connect(port);
  expect(await second.readUntil()).toBe('v2\n');
  running.write('main.lua', both(port, 'v3'));
  await running.log.waitFor('reloaded as generation 3');
  first.send('still there');
  expect((await first.read(11)).toString()).toBe('still there');
  first.close();
  await running.log.waitFor('generation 1 has drained');
  expect(running.log.texts('note')).toContain('v1 lost a client');
  second.send('me too');
  expect((await second.read(6)).toString()).toBe('me too');
  second.close();
  await running.log.waitFor('generation 2 has drained');
});

test('a version that drains may open sockets for the connections that it serves', async () => {
  const port = await freePort();
  const service = await UdpPeer.bind();
  running = await startServer(
    `server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data)
        local socket = cumulus:createUDPSocket()
        function socket:onReception(answer) client:send(answer) socket:close() end
        socket:send(data, "127.0.0.1:${service.port}")
        return 0
      end
    end
    assert(server:start(${port}))`,
    '[reload]\ndrain=30\n',
  );
  const peer = await Peer.connect(port);
  peer.send('?');
  const first = await service.next();
  await service.send(Buffer.from('yes'), first.port);
  expect((await peer.read(3)).toString()).toBe('yes');
  running.write('main.lua', '-- another');
  await running.log.waitFor('1 connection draining');
  peer.send('?');
  const second = await service.next();
  await service.send(Buffer.from('still'), second.port);
  expect((await peer.read(5)).toString()).toBe('still');
  peer.close();
  await service.close();
});

test('connections that outstay the drain time are closed', async () => {
  const port = await freePort();
  running = await startServer(both(port, 'v1'), '[reload]\ndrain=0.2\n');
  const peer = await Peer.connect(port);
  await peer.readUntil();
  running.write('main.lua', both(port, 'v2'));
  await running.log.waitFor('time to drain is over, 1 connection closed');
  await peer.readAll();
  peer.close();
});

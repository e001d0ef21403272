/** A script that sends a mail again whenever it is refused: the daemon goes on, and can be stopped. */
import { expect, test } from 'vitest';
import { freePort, startServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

test.each(['nobody', 'somebody@localhost'])(
  'mails to %s that are sent again for ever hold nobody up',
  async (recipient) => {
    const [port, dead] = [await freePort(), await freePort()];
    const main = `local function again()
      local mail = cumulus:sendMail('a@localhost', 'subject', 'text', '${recipient}')
      function mail:onSent(err) if err then again() end end
    end
    again()
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data) self:send(data) end
    end
    assert(server:start(${port}))`;
    const running = await startServer(
      main,
      `[smtp]\nhost=127.0.0.1\nport=${dead}\n[reload]\nenabled=false\n`,
    );
    const peer = await Peer.connect(port);
    peer.send('ping');
    expect(String(await peer.read(4))).toBe('ping');
    peer.close();
    await running.stop();
  },
);

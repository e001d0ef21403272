/**
 * Any sequence of what a script does with a TCP client, inside and outside of its events, with the garbage collector
 * in between: the script counts its events itself, and afterwards no object is left.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { freePort, startServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

/**
 * A line of operations is performed one after the other, each on one of three clients. "<" makes the next operation
 * wait for the next event of its client. The answer is what the script has counted.
 */
const script = (port: number, echo: number, closed: number) => `
  local clients, all, waiting = {}, {}, {}
  local made, ended, problems, held = 0, 0, {}, setmetatable({}, { __mode = "k" })
  local perform

  local function problem(text) problems[#problems + 1] = text end

  local function event(client, name)
    local ops = waiting[client]
    local op = ops and table.remove(ops, 1)
    if op then perform(op, client) end
  end

  local function create()
    local client = cumulus:createTCPClient()
    held[client] = true
    all[#all + 1] = client
    local open = 0
    function client:opened() open = open + 1; made = made + 1 end
    -- A connection that an outer connect has replaced ends without an event.
    function client:replaced() if open > 0 then open = open - 1; made = made - 1 end end
    function client:onReception(data)
      if open ~= 1 then problem("data with " .. open .. " connections") end
      event(self, "data")
      return 0
    end
    function client:onDisconnection()
      open = open - 1
      ended = ended + 1
      if open ~= 0 then problem("onDisconnection with " .. open .. " left") end
      if self.connected or self.address or self.peerAddress then problem("still connected") end
      event(self, "end")
    end
    return client
  end

  local function connect(client, port)
    local err = client:connect("127.0.0.1", port)
    client:replaced()
    client:opened()
    if err then problem(err) end
  end

  function perform(op, client)
    if op == "c" then connect(client, ${echo})
    elseif op == "r" then connect(client, ${closed})
    elseif op == "b" then
      if not client:connect("not a host", 1) then problem("a bad host is good") end
      client:replaced()
    elseif op == "d" then client:disconnect()
    elseif op == "s" then if client.connected then client:send(("x"):rep(1000)) end
    elseif op == "p" then client:pause()
    elseif op == "q" then client:resume()
    elseif op == "g" then collectgarbage()
    elseif op == "e" then error("on purpose")
    end
  end

  local function finish(line)
    waiting = {}
    for _, client in ipairs(all) do client:disconnect() end
    clients, all = {}, {}
    collectgarbage()
    collectgarbage()
    local left = 0
    for _ in pairs(held) do left = left + 1 end
    if made ~= ended then problem(made .. " connections, " .. ended .. " × onDisconnection") end
    if left > 0 then problem(left .. " objects left") end
    local answer = table.concat(problems, ", ")
    made, ended, problems = 0, 0, {}
    return answer == "" and "fine" or answer
  end

  local function run(line)
    local later = false
    for who, op in line:gmatch("(%d)(.)") do
      local index = tonumber(who)
      if op == "n" or not clients[index] then clients[index] = create() end
      local client = clients[index]
      if op == "<" then later = true
      elseif later then
        waiting[client] = waiting[client] or {}
        table.insert(waiting[client], op)
        later = false
      else
        local good, err = pcall(perform, op, client)
        if not good and not err:find("on purpose") then problem(err) end
      end
    end
  end

  server = cumulus:createTCPServer()
  function server:clientHandler(control)
    function control:onReception(data)
      local line = data:match("^(.-)\\n")
      if not line then return #data end
      if line == "finish" then self:send(finish() .. "\\n") else run(line); self:send("ok\\n") end
      return #data - #line - 1
    end
  end
  assert(server:start(${port}))
`;

const PAUSE = 'wait';
const op = fc.constantFrom(...'cccrbdsssspqgen<<<');
const line = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), op), { minLength: 1, maxLength: 12 });
const lines = fc.array(
  fc.oneof(
    line.map((ops) => ops.flat().join('')),
    fc.constant(PAUSE),
  ),
  { maxLength: 8 },
);

const closing = closeAfterEach();

class EchoServer {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
      socket.pipe(socket);
    });
  }

  static async listen(): Promise<EchoServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new EchoServer(server);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

test('any sequence of what a script does with its clients', async () => {
  const echo = closing(await EchoServer.listen());
  const port = await freePort();
  const server = await startServer(script(port, echo.port, await freePort()), '[logs]\nlevel=error\n');
  closing({ close: () => server.stop() });
  const control = closing(await Peer.connect(port));
  const ask = (text: string) => {
    control.send(`${text}\n`);
    return control.readUntil();
  };
  const run = async (lines: readonly string[]) => {
    for (const text of lines) {
      if (text === PAUSE) for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
      else await ask(text);
    }
    expect(await ask('finish')).toBe('fine\n');
  };
  await fc.assert(fc.asyncProperty(lines, run), { numRuns: 200, interruptAfterTimeLimit: 8000 });
  expect(server.log.texts('error').filter((text) => !text.includes('on purpose'))).toEqual([]);
});

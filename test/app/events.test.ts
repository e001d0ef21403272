/** The events of an application: when they come, with what, and what an error in one of them does. */
import { expect, test } from 'vitest';
import { start, stopAfterEach } from '../api/run-script.js';
import { closeAfterEach } from '../support/closing.js';
import { freePort, startServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

stopAfterEach();
const closing = closeAfterEach();

const own = (texts: string[]) => texts.filter((text) => !text.includes('application'));

test('onStart gets the path after main.lua has run, onManage follows; onStop gets the path, children first', async () => {
  const script = (name: string) => `NOTE("${name} main")
    function onStart(path, ...) NOTE("${name} start [", path, "] ", select("#", ...)) end
    function onManage(...) NOTE("${name} manage ", select("#", ...)) onManage = nil end
    function onStop(path) NOTE("${name} stop [", path, "]") end`;
  const { log, stop } = await startServer({
    'main.lua': script('root'),
    'Games/myGame/main.lua': script('game'),
    'Games/readme.txt': 'no application',
  });
  expect(own(log.texts('note'))).toEqual([
    'root main',
    'root start [] 1',
    'root manage 0',
    'game main',
    'game start [/Games/myGame] 1',
    'game manage 0',
  ]);
  await stop();
  expect(own(log.texts('note')).slice(6)).toEqual(['game stop [/Games/myGame]', 'root stop []']);
});

test('onManage comes right after the start and then every two seconds', async () => {
  const { log } = await start(`count = 0
    function onManage() count = count + 1 NOTE("manage ", count) end`);
  expect(log.texts('note')).toContain('manage 1');
  const begun = performance.now();
  await log.waitFor('manage 2');
  await log.waitFor('manage 3');
  const took = performance.now() - begun;
  expect(took).toBeGreaterThan(3500);
  expect(took).toBeLessThan(10_000);
});

test('an error in each event is logged with its name, its position and the path, and the application goes on', async () => {
  const port = await freePort();
  const { log, stop } = await startServer({
    'app/main.lua': `function onStart() error("s") end
function onManage() error("m") end
function onStop() error({}) end
server = cumulus:createTCPServer()
function server:clientHandler(client)
  function client:onDrain() error("drain") end
  function client:onDisconnection() error("d") end
  client:send(string.rep("x", 16777216))
  error("c")
end
server:start(${port})`,
  });
  const peer = closing(await Peer.connect(port));
  await peer.read(16_777_216);
  await log.waitFor('onDrain');
  peer.end();
  await log.waitFor('onDisconnection');
  await stop();
  const errors = log.lines.filter(({ level }) => level === 'error');
  expect(errors.map(({ text }) => text.split('\n')[0])).toEqual([
    'application /app, onStart: www/app/main.lua:1: s',
    'application /app, onManage: www/app/main.lua:2: m',
    'application /app, clientHandler: www/app/main.lua:9: c',
    'application /app, onDrain: www/app/main.lua:6: drain',
    'application /app, onDisconnection: www/app/main.lua:7: d',
    'application /app, onStop: error object {  }',
  ]);
  expect(errors[0]?.origin).toEqual({ application: '/app', file: 'app/main.lua', line: 1 });
});

test.each([
  ['strings', 'string.find, string.gmatch, string.sub, string.gsub = nil'],
  ['tables', 'table.sort, table.concat = nil'],
  ['debug', 'debug.traceback, debug.getinfo = nil'],
  ['the metatable of strings', 'getmetatable("").__index = nil'],
  ['globals', 'fail = error tostring, type, pcall, next, error = nil'],
])('what a script has replaced does not spoil its errors: %s', async (_, replace) => {
  const { log } = await start(`${replace}\nfunction onStart() (fail or error)({ a = 1 }) end`);
  expect(log.texts('error')).toEqual([
    expect.stringMatching(
      /^application \/, onStart: error object \{ a = 1 \}\nstack traceback:\n\s+www\/main\.lua:2: in /,
    ),
  ]);
});

test.each([
  'table.concat({ "a", {} })',
  'table.insert({}, 1, 2, 3)',
  'unpack({}, 1, 1e8)',
  'rawset(nil, 1, 2)',
  'math.pow(nil, 2)',
  'string.format("%d", {})',
  'setmetatable(1, {})',
])('an error in %s has the position of the script', async (call) => {
  const { log } = await start(`\nfunction onStart()\n${call}\nend`);
  const [error = ''] = log.texts('error');
  expect(error).toMatch(/^application \/, onStart: www\/main\.lua:3: /);
  expect(error).not.toContain('[cumulus]');
});

test('events that are no functions are passed over', async () => {
  const { log, stop } = await startServer('onStart, onManage, onStop = 5, "text", {}');
  await stop();
  expect(log.texts('error')).toEqual([]);
});

test('an application that fails at load has opened nothing, and the others run', async () => {
  const [bad, good] = [await freePort(), await freePort()];
  const { log } = await start({
    'bad/main.lua': `server = cumulus:createTCPServer() server:start(${bad}) error("no")`,
    'good/main.lua': `server = cumulus:createTCPServer() server:start(${good})
      function server:clientHandler(client) client:send("good") end`,
  });
  expect(log.texts('error').join()).toMatch(/^application \/bad not started: www\/bad\/main\.lua:1: no/);
  await expect(Peer.connect(bad)).rejects.toThrow('ECONNREFUSED');
  const peer = closing(await Peer.connect(good));
  expect((await peer.read(4)).toString()).toBe('good');
});

test('what one event sends to many connections leaves in its order, to all of them', async () => {
  const port = await freePort();
  await start(`
    local clients = {}
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      clients[#clients + 1] = client
      function client:onReception(data)
        for round = 1, 3 do
          for i, other in ipairs(clients) do other:send(round .. data .. i .. " ") end
        end
        return 0
      end
      client:send("in ")
    end
    server:start(${port})`);
  const peers: Peer[] = [];
  for (let i = 0; i < 20; i++) {
    const peer = closing(await Peer.connect(port));
    await peer.readUntil(' ');
    peers.push(peer);
  }
  peers[7]?.send('x');
  for (const [i, peer] of peers.entries()) {
    const texts = [await peer.readUntil(' '), await peer.readUntil(' '), await peer.readUntil(' ')];
    expect(texts.join('')).toBe([1, 2, 3].map((round) => `${round}x${i + 1} `).join(''));
  }
});

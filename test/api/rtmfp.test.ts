import { expect, test } from 'vitest';
import { notesOf, start, stopAfterEach } from './run-script.js';

stopAfterEach();

test('the collections of RTMFP are there and empty', async () => {
  expect(
    await notesOf(`
      for _, name in ipairs({ "clients", "groups", "publications", "servers" }) do
        local collection = cumulus[name]
        local seen = 0
        for key, value in collection:pairs() do seen = seen + 1 end
        for index, value in collection:ipairs() do seen = seen + 1 end
        for key, value in pairs(collection) do seen = seen + 1 end
        for index, value in ipairs(collection) do seen = seen + 1 end
        NOTE(name, " ", type(collection), " ", collection.count, " ", #collection, " ", seen, " ",
          collection("anybody"), " ", collection[1], " ", tostring(collection == cumulus[name]), " ",
          type(getmetatable(collection)))
      end
    `),
  ).toEqual(
    ['clients', 'groups', 'publications', 'servers'].map(
      (name) => `${name} table 0 0 0 (null) (null) true string`,
    ),
  );
});

test('servers can be broadcast to, and has initiators and targets', async () => {
  expect(
    await notesOf(`
      cumulus.servers:broadcast("onMessage", 1, "two")
      for _, part in ipairs({ cumulus.servers.initiators, cumulus.servers.targets }) do
        part:broadcast("onMessage")
        for index, server in part:ipairs() do NOTE("none is there") end
        NOTE(part.count)
      end
    `),
  ).toEqual(['0', '0']);
});

test('scripts add fields to a collection; its count is read-only', async () => {
  const { log } = await start(`
    cumulus.clients.names = { "ann" }
    cumulus.clients.count = 5
    function cumulus.clients:pairs() return next, { overridden = true } end
    for name in cumulus.clients:pairs() do NOTE(name) end
    NOTE(cumulus.clients.names[1], cumulus.clients.count, cumulus.groups.names)
  `);
  expect(log.texts('note')).toEqual(expect.arrayContaining(['overridden', 'ann0(null)']));
  expect(log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
    { text: 'Clients.count is read-only: the assignment is ignored', origin: { line: 3 } },
  ]);
});

test('publish and groups:join log a WARN at the caller and give nil', async () => {
  const { log } = await start(`
    local publication = cumulus:publish("news")
    NOTE(type(publication), select("#", cumulus:publish("news")))
    NOTE(type(cumulus.groups:join(("0"):rep(64), ("1"):rep(64))))
  `);
  expect(log.texts('note')).toEqual(expect.arrayContaining(['nil1', 'nil']));
  const text = 'publish has no effect: this server accepts no RTMFP clients';
  expect(log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
    { text, origin: { application: '', file: 'www/main.lua', line: 2 } },
    { text, origin: { line: 3 } },
    { text: 'groups:join has no effect: this server accepts no RTMFP clients', origin: { line: 4 } },
  ]);
});

const EVENTS = [
  'onHandshake',
  'onRendezVousUnknown',
  'onConnection',
  'onDisconnection',
  'onFailed',
  'onJoinGroup',
  'onUnjoinGroup',
  'onPublish',
  'onUnpublish',
  'onSubscribe',
  'onUnsubscribe',
  'onDataPacket',
  'onAudioPacket',
  'onVideoPacket',
  'onServerConnection',
  'onServerDisconnection',
];

test('an application with events of RTMFP clients gets one NOTE that names them, before onStart', async () => {
  const functions = EVENTS.map((name) => `function ${name}() end`).join('\n');
  const { log } = await start({
    'chat/main.lua': `${functions}
      function onStart() NOTE("started") end
      function onStop() end
      function onManage() end
      function onTypedObject() end`,
  });
  expect(log.lines.filter(({ level }) => level === 'note').slice(0, 2)).toMatchObject([
    {
      text: `application /chat: ${EVENTS.join(', ')} will not be called: this server accepts no RTMFP clients`,
      origin: { application: '/chat' },
    },
    { text: 'started' },
  ]);
});

test('only the events that are defined are named, and an application without them gets no NOTE', async () => {
  const text = (await notesOf('onConnection = 5 function onPublish() end')).join();
  expect(text).toMatch(/^application \/: onPublish will not be called/);
  expect(await notesOf('function onStart() end')).toEqual([]);
});

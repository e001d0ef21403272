import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LUA_VERSION } from '../support/server.js';
import { HEX, notesOf, start, stopAfterEach } from './run-script.js';

stopAfterEach();

test('cumulus is a table with a protected metatable, to which scripts add fields', async () => {
  expect(
    await notesOf(`
      NOTE(type(cumulus), " ", type(getmetatable(cumulus)), " ", cumulus.nonsense)
      cumulus.lobby = { count = 3 }
      NOTE(cumulus.lobby.count)
    `),
  ).toEqual(['table string (null)', '3']);
});

test('scripts override methods of cumulus', async () => {
  expect(
    await notesOf(`
      local split = cumulus.split
      function cumulus:split(text) return split(self, text, ",") end
      NOTE(select("#", cumulus:split("a,b,c")))
    `),
  ).toEqual(['3']);
});

test('assigning a read-only property is ignored, with one WARN for each place', async () => {
  const { log } = await start(`
    local before = cumulus.clients
    for i = 1, 3 do cumulus.clients = i end
    cumulus.epochTime = 5
    NOTE(tostring(cumulus.clients == before), " ", tostring(cumulus.epochTime > 5))
  `);
  expect(log.texts('note')).toContain('true true');
  expect(log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
    {
      text: 'cumulus.clients is read-only: the assignment is ignored',
      origin: { file: 'www/main.lua', line: 3 },
    },
    {
      text: 'cumulus.epochTime is read-only: the assignment is ignored',
      origin: { file: 'www/main.lua', line: 4 },
    },
  ]);
});

const METHODS = [
  'absolutePath',
  'addToBlacklist',
  'createTCPClient',
  'createTCPServer',
  'createUDPSocket',
  'fromAMF',
  'md5',
  'publish',
  'removeFromBlacklist',
  'sendMail',
  'sha256',
  'split',
  'toAMF',
  'toAMF0',
];

test('every method called with a dot says that it needs a colon, whatever its first argument is', async () => {
  const notes = await notesOf(`
    for _, name in ipairs({ "${METHODS.join('", "')}" }) do
      for _, argument in ipairs({ "text", {}, false }) do
        local ok, message = pcall(function() cumulus[name](argument) end)
        NOTE(name, " ", tostring(ok), " ", message)
      end
      local ok, message = pcall(cumulus[name])
      NOTE(name, " ", tostring(ok), " ", message)
    end
  `);
  expect(notes).toHaveLength(METHODS.length * 4);
  for (const name of METHODS) {
    const hint = `cumulus.${name}: call method with ':' colon operator (cumulus:${name}(…))`;
    const own = notes.filter((note) => note.startsWith(`${name} `));
    expect(own.map((note) => note.endsWith(hint))).toEqual([true, true, true, true]);
    expect(own[0]).toBe(`${name} false www/main.lua:4: ${hint}`);
  }
});

test('epochTime is the time now, in whole milliseconds', async () => {
  const before = Date.now();
  const [text, kind, again] = await notesOf(`
    local now = cumulus.epochTime
    NOTE(string.format("%.0f", now))
    NOTE(math.type and math.type(now) or "number")
    while cumulus.epochTime == now do end
    NOTE("later")
  `);
  expect(text).toMatch(/^\d{13}$/);
  expect(Number(text)).toBeGreaterThanOrEqual(before);
  expect(Number(text)).toBeLessThanOrEqual(Date.now());
  expect(kind).toBe(LUA_VERSION === '5.4' ? 'integer' : 'number');
  expect(again).toBe('later');
});

test('configs is the ini as nested tables of strings, where only "false" is a boolean', async () => {
  const ini = 'greeting=hello; world\nempty=\n[game]\nplayers=4\nranked=false\nopen=true\nname=Größe\n';
  expect(
    await notesOf(
      `
      local c = cumulus.configs
      NOTE(c.greeting, "|", c.empty, "|", c.missing, "|", c.game.missing)
      NOTE(type(c.game.players), c.game.players, " ", type(c.game.ranked), " ", type(c.game.open), " ", c.game.name)
      c.game.players = 5
      c.added = true
      NOTE(cumulus.configs.game.players, tostring(cumulus.configs.added))
    `,
      ini,
    ),
  ).toEqual(['hello; world||(null)|(null)', 'string4 boolean string Größe', '5true']);
});

test('configs says where the server is, and the ini comes first', async () => {
  const { log, folder } = await start(
    `local a = cumulus.configs.application
     NOTE(a.dir, " ", a.path, " ", a.baseName, " ", a.name)`,
    '[application]\nname=mine\n',
  );
  const path = join(folder, 'CumulusServer');
  await log.waitFor(`${folder}/ ${path} CumulusServer mine`);
});

test('publicAddress is what the ini says, else an empty string', async () => {
  const script = 'NOTE("<", cumulus.publicAddress, ">")';
  expect(await notesOf(script)).toEqual(['<>']);
  expect(await notesOf(script, 'publicAddress=game.example.org:1935\n')).toEqual(['<game.example.org:1935>']);
});

test("absolutePath gives the folder of an application, with a slash at its end, to the script's bytes", async () => {
  const { log, folder } = await start(`
    NOTE(cumulus:absolutePath("/Games/myGame"))
    NOTE(cumulus:absolutePath(""), " ", cumulus:absolutePath())
    NOTE(cumulus:absolutePath("chat"))
    NOTE(cumulus:absolutePath("/a\\0b"):byte(-3))
  `);
  const www = join(folder, 'www');
  expect(log.texts('note')).toEqual(
    expect.arrayContaining([`${www}/Games/myGame/`, `${www}/ ${www}/`, `${www}/chat/`, '0']),
  );
});

test('md5 and sha256 give raw bytes for each argument', async () => {
  const empty = 'd41d8cd98f00b204e9800998ecf8427e';
  const abc = '900150983cd24fb0d6963f7d28e17f72';
  expect(
    await notesOf(`${HEX}
      local a, b, c = cumulus:md5("", "abc")
      NOTE(hex(a), hex(b), c, #a)
      NOTE(hex(cumulus:md5("\\0\\255")))
      NOTE(hex(cumulus:sha256("abc")), " ", #cumulus:sha256(("x"):rep(100000)))
      NOTE(tostring(cumulus:md5(12) == cumulus:md5("12")), " ", select("#", cumulus:sha256()))
    `),
  ).toEqual([
    `${empty}${abc}(null)16`,
    createHash('md5').update(Uint8Array.of(0, 255)).digest('hex'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 32',
    'true 0',
  ]);
});

test('a digest of what is no string is nil in its place, with an ERROR at the caller', async () => {
  const { log } = await start(`
    local a, b, c = cumulus:sha256("x", nil, "y")
    NOTE(#a, type(b), #c)
    NOTE(select("#", cumulus:md5({})))
  `);
  expect(log.texts('note')).toEqual(expect.arrayContaining(['32nil32', '1']));
  expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
    {
      text: 'sha256: argument 2 is nil: must be a string',
      origin: { application: '', file: 'www/main.lua', line: 2 },
    },
    { text: 'md5: argument 1 is a table: must be a string', origin: { line: 4 } },
  ]);
});

test('split cuts at each of the separators; options drop what is empty (1) and trim (2)', async () => {
  const cases = [
    ['"a,b,c", ","', 'a|b|c'],
    ['"a,b,", ","', 'a|b|'],
    ['",a", ","', '|a'],
    ['"a,;b", ",;"', 'a||b'],
    ['"a,,b,", ",", 1', 'a|b'],
    ['" a , b ", ",", 2', 'a|b'],
    ['" a , ,b", ",", 2', 'a||b'],
    ['" a , ,b, ", ",", 3', 'a|b'],
    ['"abc", ""', 'abc'],
    ['"abc", ",", 0', 'abc'],
    ['"abc"', 'abc'],
    ['"-", "-"', '|'],
  ];
  const script = cases.map(([call]) => `NOTE(table.concat({ cumulus:split(${call}) }, "|"))`).join('\n');
  expect(await notesOf(script)).toEqual(cases.map(([, parts]) => parts));
});

test('split gives no results for an empty text, and keeps bytes as they are', async () => {
  expect(
    await notesOf(`${HEX}
      NOTE(select("#", cumulus:split("", ",")), select("#", cumulus:split()))
      local a, b = cumulus:split("\\255\\0,\\160", ",", 2)
      NOTE(hex(a), " ", hex(b))
      NOTE((cumulus:split(1.5, ".")))
    `),
  ).toEqual(['00', 'ff00 a0', '1']);
});

test('split gives a thousand results, and a clear error for more than Lua can hold', async () => {
  const [thousand, ok, message] = await notesOf(`
    NOTE(select("#", cumulus:split((","):rep(999), ",")))
    local ok, message = pcall(function() return cumulus:split((","):rep(3000000), ",") end)
    NOTE(tostring(ok))
    NOTE(message)
  `);
  expect([thousand, ok]).toEqual(['1000', 'false']);
  expect(message).toBe('www/main.lua:3: too many results: 3000001');
});

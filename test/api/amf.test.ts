import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeAmf } from '../../src/lua/amf/index.js';
import { LuaTable } from '../../src/lua/table.js';
import { HEX, notesOf, start, stopAfterEach } from './run-script.js';

stopAfterEach();

test('toAMF and toAMF0 give the bytes of the specification', async () => {
  const cases = [
    ['toAMF(nil)', '05'],
    ['toAMF(true)', '0101'],
    ['toAMF(false)', '0100'],
    ['toAMF(5)', '110405'],
    ['toAMF(-5)', '1104fffffffb'],
    ['toAMF(1.5)', '003ff8000000000000'],
    ['toAMF("abc")', '110607616263'],
    ['toAMF({1,2,3})', '11090701040104020403'],
    ['toAMF({a=1})', '110a0b010361040101'],
    ['toAMF({})', '11090101'],
    ['toAMF(5, nil, "abc")', '11040505110607616263'],
    ['toAMF()', ''],
    ['toAMF0(5)', '004014000000000000'],
    ['toAMF0("abc")', '020003616263'],
  ];
  const script = cases.map(([call]) => `NOTE("<", hex(cumulus:${call}), ">")`).join('\n');
  expect(await notesOf(`${HEX}${script}`)).toEqual(cases.map(([, bytes]) => `<${bytes}>`));
});

test('values come back from AMF as they were, bytes, holes and nested tables included', async () => {
  expect(
    await notesOf(`
      local state = { name = "a\\0\\255", list = { 1, 2, { deep = true } }, half = 0.5, yes = true }
      local back, second, third, count = cumulus:fromAMF(cumulus:toAMF(state, nil, "end"))
      NOTE(tostring(back.name == state.name), " ", #back.list, tostring(back.list[3].deep), " ", back.half, " ",
        tostring(back.yes), " ", second, " ", third)
      NOTE(select("#", cumulus:fromAMF(cumulus:toAMF0(1, nil, nil))), " ", select("#", cumulus:fromAMF("")))
    `),
  ).toEqual(['true 3true 0.5 true (null) end', '3 0']);
});

test('references and cycles are kept, also between the values of one call', async () => {
  expect(
    await notesOf(`
      local shared = { name = "shared" }
      local loop = { shared = shared }
      loop.self = loop
      local a, b, c = cumulus:fromAMF(cumulus:toAMF(shared, loop, shared))
      NOTE(tostring(a == c), " ", tostring(b.shared == a), " ", tostring(b.self == b), " ", b.self.self.shared.name)
    `),
  ).toEqual(['true true true shared']);
});

test('dates, byte arrays, dictionaries and typed objects have their special fields', async () => {
  expect(
    await notesOf(`
      local date, bytes, map, typed = cumulus:fromAMF(cumulus:toAMF(
        { __time = 1355500800000 }, { __raw = "\\1\\0\\255" },
        { __size = 2, [true] = "yes", [{ 1 }] = "list" }, { __type = "Player", score = 7 }))
      NOTE(string.format("%.0f %d-%d-%d", date.__time, date.year, date.month, date.day))
      NOTE(tostring(bytes.__raw == "\\1\\0\\255"))
      NOTE(map.__size, " ", map[true])
      NOTE(typed.__type, " ", typed.score)
    `),
  ).toEqual(['1355500800000 2012-12-14', 'true', '2 yes', 'Player 7']);
});

test('the class of an object may come from its metatable, its fields do not', async () => {
  expect(
    await notesOf(`
      local Player = { __type = "Player", lives = 3 }
      Player.__index = Player
      local back = cumulus:fromAMF(cumulus:toAMF(setmetatable({ name = "ann" }, Player)))
      NOTE(back.__type, " ", back.name, " ", back.lives)
      local odd = setmetatable({ 1 }, { __index = function(_, key) return key == "__type" and print or {} end })
      NOTE(#cumulus:fromAMF(cumulus:toAMF(odd)))
      NOTE(pcall(cumulus.toAMF, cumulus, setmetatable({}, { __index = function(_, key) error(key, 0) end })))
    `),
  ).toEqual(['Player ann (null)', '1', '(false)__raw']);
});

test('an object of the API is what the script has put into it', async () => {
  expect(
    await notesOf(`
      local socket = cumulus:createTCPClient()
      socket.name = "ann"
      local back = cumulus:fromAMF(cumulus:toAMF(socket))
      NOTE(back.name, " ", back.connected)
    `),
  ).toEqual(['ann (null)']);
});

test('what AMF cannot hold is null, with one WARN for each kind at the caller', async () => {
  const { log } = await start(`${HEX}
    NOTE(hex(cumulus:toAMF(print, 5)))
    NOTE(hex(cumulus:toAMF({ print, print, [true] = 1 })))
    NOTE(hex(cumulus:toAMF0(coroutine.create(print))))
  `);
  const notes = log.texts('note');
  expect(notes.slice(0, 3)).toEqual(['05110405', '110905010101', '05']);
  expect(log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
    {
      text: 'toAMF: AMF has no function: null instead',
      origin: { application: '', file: 'www/main.lua', line: 4 },
    },
    { text: 'toAMF: AMF has no entries with a boolean key: left out', origin: { line: 5 } },
    { text: 'toAMF: AMF has no function: null instead (2 times)', origin: { line: 5 } },
    { text: 'toAMF0: AMF has no thread: null instead', origin: { line: 6 } },
  ]);
});

test.each([
  ['toAMF', 'argument 1.a.a.a'],
  ['toAMF0', 'argument 1.a.a.a'],
])('%s of a table nested too deep is nil, with one ERROR at the caller', async (name, text) => {
  const { log } = await start(`
    local deep = {}
    for i = 1, 300 do deep = { a = deep } end
    NOTE(type(cumulus:${name}(deep)))
  `);
  expect(log.texts('note')).toContain('nil');
  const errors = log.lines.filter(({ level }) => level === 'error');
  expect(errors).toMatchObject([{ origin: { file: 'www/main.lua', line: 4 } }]);
  expect(errors[0]?.text).toContain(`${name}: ${text}`);
  expect(errors[0]?.text).toContain('nested more than 200 deep');
});

test('fromAMF of bytes that are no message gives nothing and one ERROR at the caller', async () => {
  const { log } = await start(`
    NOTE(select("#", cumulus:fromAMF("\\5\\5\\17\\99")))
    NOTE(select("#", cumulus:fromAMF("\\2\\0\\9abc")))
    NOTE(select("#", cumulus:fromAMF(nil)), select("#", cumulus:fromAMF({})))
  `);
  expect(log.texts('note').slice(0, 3)).toEqual(['0', '0', '00']);
  const errors = log.lines.filter(({ level }) => level === 'error');
  expect(errors).toMatchObject([
    { text: expect.stringMatching(/^fromAMF: /), origin: { application: '', file: 'www/main.lua', line: 2 } },
    { text: expect.stringMatching(/^fromAMF: /), origin: { line: 3 } },
    { text: 'fromAMF: nil is no AMF message: must be a string', origin: { line: 4 } },
    { text: 'fromAMF: a table is no AMF message: must be a string', origin: { line: 4 } },
  ]);
});

test('fromAMF of more values than Lua has room for is one ERROR', async () => {
  const { log } = await start(`
    NOTE(select("#", cumulus:fromAMF(("\\5"):rep(2000000))))
    NOTE(select("#", cumulus:fromAMF(("\\5"):rep(1000))))
  `);
  expect(log.texts('note').slice(0, 2)).toEqual(['0', '1000']);
  expect(log.texts('error')).toEqual(['fromAMF: too many values: 2000000']);
});

test('any bytes give values or one ERROR, and the application goes on', async () => {
  const game = LuaTable.from({ __type: 'Game', list: LuaTable.list([1, 2.5, 'text']), name: 'x' });
  const valid = encodeAmf([game, true, LuaTable.from({ again: game })], { version: 3, onUnsupported() {} });
  const damaged = fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 })).map(([at, byte]) => {
    const bytes = Buffer.from(valid);
    bytes[at] = byte;
    return bytes;
  });
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), damaged);
  const messages = fc.sample(bytes, { numRuns: 1000, seed: 2012 });
  const decimal = (byte: number) => `\\${String(byte).padStart(3, '0')}`;
  const literals = messages.map((message) => `"${[...message].map(decimal).join('')}"`);
  const { log } = await start(`
    function onTypedObject(type, object) object.seen = #type end
    local good, bad = 0, 0
    for _, message in ipairs({ ${literals.join(',\n')} }) do
      if select("#", cumulus:fromAMF(message)) > 0 then good = good + 1 else bad = bad + 1 end
    end
    NOTE(good, " ", bad, " ", type(cumulus:fromAMF(cumulus:toAMF({}))))
  `);
  const { text } = await log.waitFor(/^\d+ \d+ table$/);
  const [good, bad] = text.split(' ').map(Number);
  expect(good).toBeGreaterThan(50);
  expect(bad).toBeGreaterThan(50);
  const empty = messages.filter(({ length }) => length === 0).length;
  expect(log.texts('error')).toHaveLength((bad ?? 0) - empty);
});

test('onTypedObject gets each typed object, inner ones first, and changes it in place', async () => {
  expect(
    await notesOf(`
      local classes = { Player = { hello = function(self) return "I am " .. self.name end } }
      function onTypedObject(type, object)
        NOTE("typed ", type, " ", object.name or #object.players)
        if classes[type] then setmetatable(object, { __index = classes[type] }) end
        return "ignored"
      end
      local ann = { __type = "Player", name = "ann" }
      local game, first = cumulus:fromAMF(cumulus:toAMF({ __type = "Game", players = { ann } }, ann))
      NOTE(first:hello(), " ", tostring(game.players[1] == first), " ", game.__type)
    `),
  ).toEqual(['typed Player ann', 'typed Game 1', 'I am ann true Game']);
});

test('onTypedObject is called for AMF0, too', async () => {
  expect(
    await notesOf(`
      function onTypedObject(type, object) NOTE(type, " ", object.x) end
      cumulus:fromAMF("\\16\\0\\1P\\0\\1x\\1\\1\\0\\0\\9")
    `),
  ).toEqual(['P (true)']);
});

test('an error in onTypedObject is logged, and fromAMF goes on', async () => {
  const { log } = await start(`
    function onTypedObject(type, object)
      if type == "Bad" then error("not mine") end
      object.seen = true
    end
    local bad, good = cumulus:fromAMF(cumulus:toAMF({ __type = "Bad" }, { __type = "Good" }))
    NOTE(bad.__type, " ", bad.seen, " ", tostring(good.seen))
  `);
  expect(log.texts('note')).toContain('Bad (null) true');
  const errors = log.texts('error');
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(/^application \/, onTypedObject: www\/main\.lua:3: not mine\n/);
});

test('fromAMF works inside a coroutine and inside onTypedObject', async () => {
  expect(
    await notesOf(`
      function onTypedObject(type, object)
        if object.packed then object.inner = cumulus:fromAMF(object.packed) end
      end
      local packed = cumulus:toAMF({ __type = "Inner", x = 1 })
      local outer = cumulus:toAMF({ __type = "Outer", packed = packed })
      local thread = coroutine.wrap(function()
        local object = cumulus:fromAMF(outer)
        coroutine.yield(object.inner.x)
        return object.__type
      end)
      NOTE(thread(), thread())
    `),
  ).toEqual(['1Outer']);
});

test('messages leave nothing behind in the machine', async () => {
  const [grown] = await notesOf(`
    function onTypedObject() end
    local message = cumulus:toAMF({ __type = "P", list = { 1, { 2 } }, text = ("x"):rep(100) })
    local function round(n)
      for i = 1, n do
        cumulus:fromAMF(message)
        cumulus:fromAMF("\\17\\99")
        pcall(cumulus.fromAMF, cumulus, nil)
      end
      collectgarbage() collectgarbage()
      return collectgarbage("count")
    end
    local before = round(2000)
    NOTE(round(2000) - before < 20 and "flat" or "grown")
  `);
  expect(grown).toBe('flat');
});

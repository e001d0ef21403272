import { afterEach, expect, test } from 'vitest';
import { freePort, LUA_VERSION, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** Runs `kid` as /kid below a root with `root`; every assert in it must hold. */
async function holds(root: string, kid: string): Promise<void> {
  running = await startServer({ 'main.lua': root, 'kid/main.lua': `${kid}\nNOTE('all hold')` });
  expect(running.log.texts('error')).toEqual([]);
  expect(running.log.texts('note')).toContain('all hold');
}

const ECHO = 'function echo(...) return ... end function count(...) return select("#", ...) end';

test('nil, booleans, numbers and byte strings pass by copy, whatever is in them', () =>
  holds(
    ECHO,
    `
    local bytes = {}
    for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
    local all = table.concat(bytes)
    local values = { true, false, 0, -1, 1.5, -0.5, 1e300, -1e-300, 1/0, -1/0, 2^53, -2^53, '', 'text', all, all:rep(1000) }
    for i = 1, #values do assert(echo(values[i]) == values[i], i) end
    local nan = echo(0/0)
    assert(nan ~= nan)
    assert(1 / echo(-1 / math.huge) == -math.huge)
    assert(echo(nil) == nil)
  `,
  ));

test('several arguments and results pass, nils among them', () =>
  holds(
    ECHO,
    `
    assert(count() == 0 and count(nil) == 1 and count(nil, nil, 3, nil) == 4)
    assert(select('#', echo()) == 0 and select('#', echo(nil, 2, nil)) == 3)
    local a, b, c = echo(nil, 2, nil)
    assert(a == nil and b == 2 and c == nil)
    local many = {}
    for i = 1, 200 do many[i] = i end
    local unpack = unpack or table.unpack
    assert(select('#', echo(unpack(many))) == 200 and select(200, echo(unpack(many))) == 200)
  `,
  ));

test.runIf(LUA_VERSION === '5.4')('integers and floats stay what they are, to the last bit', () =>
  holds(
    `${ECHO} function kind(x) return math.type(x) end`,
    `
    for _, n in ipairs({ 0, 1, -1, math.maxinteger, math.mininteger, 2^53 | 0, (2^53 | 0) + 1 }) do
      assert(math.type(echo(n)) == 'integer' and echo(n) == n and kind(n) == 'integer')
    end
    for _, x in ipairs({ 0.0, 1.0, -1.0, 2.0^53, 2.0^63, 1.5 }) do
      assert(math.type(echo(x)) == 'float' and echo(x) == x and kind(x) == 'float')
    end
  `,
  ),
);

test('a table is read and written where it is', () =>
  holds(
    'data = { 10, 20, 30, name = "data", inner = { deep = { er = 1 } }, [true] = "yes", [1.5] = "half" } function get(k) return data[k] end',
    `
    assert(data[1] == 10 and data.name == 'data' and data.inner.deep.er == 1)
    assert(data[true] == 'yes' and data[1.5] == 'half' and data.nothing == nil and data[4] == nil)
    data.name = 'other'  assert(get('name') == 'other')
    data[4] = 40         assert(get(4) == 40 and #data == 4)
    data.name = nil      assert(get('name') == nil and data.name == nil)
    data.mine = { from = 'kid' }
    assert(get('mine').from == 'kid')
  `,
  ));

test('type tells tables and functions, # the length', () =>
  holds(
    'list = { 1, 2, 3 } empty = {} function f() end',
    `
    assert(type(list) == 'table' and type(f) == 'function' and type(super) == 'table')
    assert(#list == 3 and #empty == 0)
    list[#list + 1] = 4
    assert(#list == 4)
    assert(type(nil) == 'nil' and type('') == 'string' and not pcall(type))
  `,
  ));

test('pairs, ipairs and next walk through a table that is elsewhere', () =>
  holds(
    'list = { "a", "b", "c" } map = { x = 1, y = 2, z = 3 } empty = {} list_of_tables = { {}, {} }',
    `
    local text = ''
    for i, v in ipairs(list) do text = text .. i .. v end
    assert(text == '1a2b3c', text)
    local sum, keys = 0, {}
    for k, v in pairs(map) do sum = sum + v keys[#keys + 1] = k end
    table.sort(keys)
    assert(sum == 6 and table.concat(keys) == 'xyz')
    for _ in pairs(empty) do error('not empty') end
    for _ in ipairs(empty) do error('not empty') end
    assert(next(empty) == nil and next(map) ~= nil)
    local k, n = nil, 0
    repeat k = next(map, k) if k then n = n + 1 end until not k
    assert(n == 3)
    for k in pairs(map) do map[k] = nil end
    assert(next(map) == nil)
    local seen = {}
    for _, v in pairs(list_of_tables) do seen[#seen + 1] = v end
    assert(#seen == 2 and seen[1] ~= seen[2])
  `,
  ));

test('pairs, ipairs and next of ordinary tables are as ever, with errors where they are called', () =>
  holds(
    '',
    `
    local n = 0
    for k, v in pairs({ 1, 2, x = 3 }) do n = n + v end
    for i, v in ipairs({ 1, 2, nil, 4 }) do n = n + v end
    for k, v in next, { 5 } do n = n + v end
    assert(n == 14 and next({}) == nil and next({ 7 }) == 1)
    local ok, message = pcall(function() for _ in pairs(nil) do end end)
    assert(not ok and message:find('^www/kid/main.lua:%d+: bad argument #1 to .*table expected, got nil'), message)
    ok, message = pcall(function() local _ = next(nil) end)
    assert(not ok and message:find("bad argument #1 to 'next' (table expected, got nil)", 1, true), message)
  `,
  ));

test("table's functions work on a table that is elsewhere", () =>
  holds(
    'list = { "c", "a", "b" }',
    `
    table.insert(list, 'd')
    table.insert(list, 1, 'z')
    assert(#list == 5 and list[1] == 'z' and list[5] == 'd')
    assert(table.remove(list, 1) == 'z' and table.remove(list) == 'd')
    table.sort(list)
    assert(table.concat(list, ',') == 'a,b,c')
    table.sort(list, function(a, b) return a > b end)
    assert(table.concat(list) == 'cba')
    local unpack = unpack or table.unpack
    local a, b, c, d = unpack(list)
    assert(a == 'c' and b == 'b' and c == 'a' and d == nil)
    local own = { 1 }
    table.insert(own, 2)
    assert(table.concat(own, '-') == '1-2')
  `,
  ));

test('what ignores metamethods, and the old names of Lua 5.1, reach the table where it is', () =>
  holds(
    `list = setmetatable({ 'a', 'b' }, { __index = function() return 'made up' end })
     function raw(k) return rawget(list, k) end`,
    `
    assert(list.x == 'made up' and rawget(list, 'x') == nil and rawget(list, 1) == 'a')
    assert(rawequal(rawset(list, 'y', 5), list) and raw('y') == 5)
    assert(not rawlen or rawlen(list) == 2)
    assert(table.getn(list) == 2 and table.maxn(list) == 2)
    local seen = {}
    table.foreachi(list, function(i, v) seen[i] = v end)
    assert(table.concat(seen) == 'ab')
    local n = 0
    table.foreach(list, function() n = n + 1 end)
    assert(n == 3)
  `,
  ));

test("a module is a child's own, also under the name of a parent's global or of a child", () =>
  holds(
    'util = { parents = true } function untouched() return util.mine == nil end',
    `
    local globals, holds_so_far = _G, assert
    do
      local f = function() module('util') mine = 1 end
      f()
    end
    holds_so_far(globals.util.mine == 1 and globals.super.untouched())
    if setfenv then setfenv(1, globals) end
  `,
  ));

test('an open file of another application is read and written there', () =>
  holds(
    'file = assert(io.open("data.txt", "w+"))',
    `
    assert(file:write('one\\n', 'two\\n') == file)
    file:seek('set')
    assert(file:read('*l') == 'one')
    for line in file:lines() do assert(line == 'two') end
    file:close()
    assert(not pcall(file.read, file))
  `,
  ));

test('metatables are asked where the table is', () =>
  holds(
    `
    local meta = {}
    meta.__index = function(t, k) return 'no ' .. k end
    meta.__newindex = function(t, k, v) rawset(t, k, v .. '!') end
    meta.__call = function(t, a, b) return 'called', a, b end
    meta.__tostring = function() return 'a thing' end
    meta.__add = function(a, b) return 'sum' end
    meta.__concat = function(a, b) return 'joined' end
    meta.__eq = function() return true end
    meta.__lt = function() return true end
    meta.__le = function() return true end
    meta.__unm = function() return 'minus' end
    thing, other = setmetatable({}, meta), setmetatable({}, meta)
    plain = {}
  `,
    `
    assert(thing.x == 'no x')
    thing.y = 'why'
    assert(thing.y == 'why!')
    local a, b, c = thing(1, 2)
    assert(a == 'called' and b == 1 and c == 2)
    assert(tostring(thing) == 'a thing')
    assert(thing + 1 == 'sum' and 1 + thing == 'sum' and thing .. 'x' == 'joined' and -thing == 'minus')
    assert(thing == other and thing < other and thing <= other)
    local own = setmetatable({}, { __lt = function() return true end })
    assert(thing ~= own and not pcall(function() return plain < own end))
    assert(tostring(plain):find('^table: '))
    assert(not pcall(function() return plain + 1 end) and not pcall(function() return plain() end))
    assert(not getmetatable(plain) and not pcall(setmetatable, plain, {}))
  `,
  ));

test.runIf(LUA_VERSION === '5.4')('__pairs and __len are asked where the table is', () =>
  holds(
    `thing = setmetatable({}, {
      __len = function() return 7 end,
      __pairs = function(t) return function(_, k) if not k then return 'only', 1 end end, t, nil end,
    })`,
    `
    assert(#thing == 7)
    local n = 0
    for k, v in pairs(thing) do assert(k == 'only' and v == 1) n = n + 1 end
    assert(n == 1)
  `,
  ),
);

test('functions are called where they are, and back', () =>
  holds(
    `
    local n = 0
    function counter() n = n + 1 return n end
    function each(list, f) local sum = 0 for i, v in ipairs(list) do sum = sum + f(v, i) end return sum end
    function twice(f) return function(...) return f(f(...)) end end
  `,
    `
    assert(counter() == 1 and super.counter() == 2)
    assert(each({ 1, 2, 3 }, function(v, i) return v * i end) == 14)
    assert(twice(function(x) return x * 3 end)(2) == 18)
  `,
  ));

test('what comes home is itself again', () =>
  holds(
    `${ECHO} kept = {} function keep(k, v) kept[k] = v end function kept_is(k, v) return kept[k] == v end`,
    `
    local t, f = {}, function() end
    assert(echo(t) == t and echo(f) == f and echo(_G) == _G)
    keep('t', t) keep('f', f)
    assert(kept.t == t and kept.f == f and kept_is('t', t) and kept_is('f', f))
    assert(rawequal(kept.t, t))
    keep(t, 'by table')
    assert(kept[t] == 'by table')
  `,
  ));

test('the same thing is the same proxy while it is in use', () =>
  holds(
    'data = { inner = {} } function f() end function get() return data.inner, f end',
    `
    local inner, fn = data.inner, f
    for _ = 1, 3 do collectgarbage() end
    assert(data.inner == inner and f == fn and super.f == fn)
    local again, fn_again = get()
    assert(rawequal(again, inner) and rawequal(fn_again, fn))
    local by = { [inner] = 1, [fn] = 2 }
    assert(by[data.inner] == 1 and by[f] == 2)
  `,
  ));

test('a value of a third application goes through a second one without a detour', async () => {
  running = await startServer({
    'main.lua': 'function relay(x) return x end',
    'a/main.lua': 'thing = { name = "thing" } function call() return "a called" end',
    'b/main.lua': `
      local thing, call = super.a.thing, super.a.call
      assert(relay(thing) == thing and relay(call) == call)
      assert(relay(thing).name == 'thing' and relay(call)() == 'a called')
      NOTE('all hold')
    `,
  });
  expect(running.log.texts('error')).toEqual([]);
  expect(running.log.texts('note')).toContain('all hold');
});

test('objects of the API work from another application: methods, properties, events', async () => {
  const port = await freePort();
  running = await startServer({
    'main.lua': `
      clients = {}
      function greet(client) clients[#clients + 1] = client client:send('hello from ' .. client.peerAddress .. '\\n') end
      function last() return clients[#clients] end
    `,
    'kid/main.lua': `
      server = cumulus:createTCPServer()
      function server:clientHandler(client)
        greet(client)
        function client:onReception(data)
          assert(last() == self)
          self:send(data:upper())
          return 0
        end
      end
      assert(server:start(${port}))
      function port() return server.port end
    `,
    'other/main.lua': `
      assert(super.kid.server.port == ${port} and super.kid.server.running == true)
      assert(not pcall(function() super.kid.server.start(1) end))
    `,
  });
  expect(running.log.texts('error')).toEqual([]);
  const peer = await Peer.connect(port);
  expect(await peer.readUntil()).toMatch(/^hello from 127.0.0.1:\d+\n$/);
  peer.send('abc');
  expect((await peer.read(3)).toString()).toBe('ABC');
  peer.close();
});

test('a coroutine cannot go to another application, and says so', () =>
  holds(
    ECHO,
    `
    local ok, message = pcall(echo, coroutine.create(function() end))
    assert(not ok and message:find('a coroutine cannot go to another application', 1, true), message)
  `,
  ));

test('calls are made from inside coroutines; a yield across one is refused', () =>
  holds(
    'function call(f, ...) return f(...) end function hold() coroutine.yield() end',
    `
    local co = coroutine.wrap(function(a)
      local b = coroutine.yield(call(function(x) return x + 1 end, a))
      return call(function(x) return x * 2 end, b)
    end)
    assert(co(1) == 2 and co(5) == 10)
    local refused = coroutine.create(function() call(coroutine.yield) end)
    local ok, message = coroutine.resume(refused)
    assert(not ok and message:find('yield', 1, true), message)
    local inner = coroutine.create(function() hold() end)
    ok, message = coroutine.resume(inner)
    assert(not ok and message:find('yield', 1, true), message)
    local nested = call(function() return coroutine.wrap(function() coroutine.yield(1) return 2 end) end)
    assert(nested() == 1 and nested() == 2)
  `,
  ));

test('a table of another application is one for AMF, too', () =>
  holds(
    'scores = { ann = 1, bob = { 2, 3, { x = "y" } } } scores.me = scores.bob scores.all = scores',
    `
    local own = { ann = 1, bob = { 2, 3, { x = 'y' } } }
    own.me = own.bob own.all = own
    local copy = cumulus:fromAMF(cumulus:toAMF(scores))
    assert(copy.ann == 1 and copy.bob[2] == 3 and copy.bob[3].x == 'y')
    assert(copy.me == copy.bob and copy.all == copy)
    assert(#cumulus:toAMF(scores) == #cumulus:toAMF(own) and #cumulus:toAMF0(scores) == #cumulus:toAMF0(own))
    assert(#cumulus:toAMF({ scores }) == #cumulus:toAMF({ own }))
  `,
  ));

test('a class of another application has objects here', () =>
  holds(
    `Animal = {} Animal.__index = Animal
    Animal.__tostring = function(animal) return 'I am ' .. animal.name end
    Animal.__call = function(animal, what) return animal.name .. ' ' .. what end
    function Animal.new(name) return setmetatable({ name = name }, Animal) end
    function Animal:speak() return self.name .. ' speaks' end`,
    `
    local dog = setmetatable({ name = 'Rex' }, Animal)
    assert(dog:speak() == 'Rex speaks' and tostring(dog) == 'I am Rex' and dog('runs') == 'Rex runs')
    local Cat = setmetatable({}, { __index = Animal })
    Cat.__index = Cat
    function Cat:purr() return self:speak() .. ' softly' end
    assert(setmetatable({ name = 'Tom' }, Cat):purr() == 'Tom speaks softly')
    assert(Animal.new('Far'):speak() == 'Far speaks')
    function Animal:late() return 'late' end
    assert(dog:late() == 'late')
    assert(not pcall(setmetatable, Animal, {}))
    assert(getmetatable(dog) == Animal and not pcall(setmetatable, dog, {}))
  `,
  ));

test('a class of another application gives objects no finalizers', () =>
  holds(
    `Class = {} Class.__index = Class
    function arm() Class.__gc = function() finalized = true end end`,
    `
    local object = setmetatable({}, Class)
    pcall(function() getmetatable(object).__gc = function() finalized = true end end)
    pcall(rawset, getmetatable(object), '__gc', function() finalized = true end)
    for i = 1, 10 do pcall(setmetatable, {}, Class) end
    collectgarbage() collectgarbage()
    arm()
    for i = 1, 10 do pcall(setmetatable, {}, Class) end
    collectgarbage() collectgarbage()
    assert(not finalized and not super.finalized)
  `,
  ));

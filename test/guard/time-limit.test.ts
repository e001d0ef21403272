import { afterEach, expect, test } from 'vitest';
import { freePort, LUA_VERSION, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const LIMIT = 150;
const INI = `[lua]\ntimeout=${LIMIT}\n`;

let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const SPIN = 'local function spin() while true do end end\n';

/** Body of `onReception` → what never ends in it. */
const ENDLESS: Readonly<Record<string, string>> = {
  'a plain loop': 'while true do end',
  'pcall around a loop in a loop': `${SPIN} while true do pcall(spin) end`,
  'xpcall around a loop, with a handler that loops': `${SPIN} xpcall(spin, spin) while true do end`,
  'endless tail calls': 'local function f(n) return f(n + 1) end f(0)',
  'endless recursion inside pcall in a loop': `
    local function f() return 1 + f() end while true do pcall(f) end`,
  'a coroutine': `${SPIN} coroutine.resume(coroutine.create(spin)) while true do end`,
  'a wrapped coroutine': `${SPIN} coroutine.wrap(spin)()`,
  'pcall around loops in wrapped coroutines': `${SPIN} while true do pcall(coroutine.wrap(spin)) end`,
  'a coroutine within a coroutine': `${SPIN}
    coroutine.wrap(function() coroutine.wrap(function() pcall(spin) spin() end)() end)()`,
  'coroutines that are resumed for ever': `
    local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end`,
  'a loop in __index': `${SPIN} local t = setmetatable({}, { __index = spin }) local x = t.x`,
  'a loop in tostring': `${SPIN} tostring(setmetatable({}, { __tostring = spin }))`,
  "a loop in table.sort's comparison": `${SPIN} table.sort({ 3, 1, 2 }, spin)`,
  'an order that never ends in table.sort': `${SPIN}
    local t = {} for i = 1, 2000 do t[i] = i end
    while true do table.sort(t, function(a, b) return a > b end) end`,
  "a loop in string.gsub's function": `${SPIN} string.gsub('a', '.', spin)`,
  'a pattern of string.find': `LONG:find('a*b')`,
  'a pattern of string.match': `LONG:match('a-a-a-b') while true do end`,
  'a pattern of string.gsub': `pcall(string.gsub, LONG, 'a*a*b', 'c') while true do end`,
  'a pattern of string.gsub with a number': `LONG:gsub('a*a*b', 12) while true do end`,
  'a pattern of string.find from a place on': `LONG:find('a*b', 2) while true do end`,
  'a pattern of string.gmatch': `for word in LONG:gmatch('(a*)a*b') do end while true do end`,
  'patterns again and again': `while true do pcall(string.find, LONG, 'a*b') end`,
  'a pattern in a coroutine': `coroutine.wrap(function() LONG:find('a*a*b') end)()`,
  "a pattern in string.gsub's function": `string.gsub('a', '.', function() LONG:find('a*b') end)`,
  'strings that are made for ever': `local s while true do s = string.rep('x', 100) .. tostring(s):sub(1, 5) end`,
};

const ENDLESS_54: Readonly<Record<string, string>> = {
  'a pattern with a back reference': `LONG:find('(a*)%1b')`,
  'a pattern of string.gsub with captures': `LONG:gsub('((a-)a*)%1%2b', '%1')`,
  'a loop in __close': `${SPIN}
    do local c <close> = setmetatable({}, { __close = spin }) end`,
  'a loop in __close after a loop': `${SPIN}
    do local c <close> = setmetatable({}, { __close = spin }) spin() end`,
  'a loop in __close of a coroutine that loops': `${SPIN}
    local co = coroutine.create(function() local c <close> = setmetatable({}, { __close = spin }) spin() end)
    coroutine.resume(co) coroutine.close(co) spin()`,
  'a loop in __close of a wrapped coroutine that loops': `${SPIN}
    coroutine.wrap(function() local c <close> = setmetatable({}, { __close = spin }) spin() end)()`,
};

const ENDLESS_51: Readonly<Record<string, string>> = {
  'a pattern of gmatch in a coroutine': `coroutine.wrap(function() for word in LONG:gmatch('a*b') do end end)()`,
};

const CASES = Object.entries({ ...ENDLESS, ...(LUA_VERSION === '5.4' ? ENDLESS_54 : ENDLESS_51) });

/** Two applications: "/loop" runs `body` when it receives something but "ping", "/echo" answers. */
async function startPair(body: string): Promise<{ loop: number; echo: number }> {
  const loop = await freePort();
  const echo = await freePort();
  running = await startServer(
    { 'loop/main.lua': serving(loop, body), 'echo/main.lua': serving(echo, '') },
    INI,
  );
  return { loop, echo };
}

function serving(port: number, body: string): string {
  return `server = cumulus:createTCPServer()
    LONG, PATTERN = ('a'):rep(1000000), '(a*)a*b'
    function word(n) return string.char(n % 256, math.floor(n / 256) % 256, math.floor(n / 65536) % 256, math.floor(n / 16777216)) end
    function work()
      ${body}
    end
    function server:clientHandler(client)
      function client:onReception(data)
        if data ~= 'ping' then work() end
        self:send(data)
        return 0
      end
    end
    assert(server:start(${port}))`;
}

async function answers(port: number): Promise<boolean> {
  const peer = await Peer.connect(port);
  peer.send('ping');
  const answer = (await peer.read(4)).toString();
  peer.close();
  return answer === 'ping';
}

/** Has the application meet its limit, as often as that, and then answer. */
async function goesOn(port: number, limits = 1): Promise<void> {
  const peer = await Peer.connect(port);
  for (let i = 1; i <= limits; i++) {
    const from = running?.log.lines.length;
    peer.send(`go${i}`);
    await running?.log.waitFor('time limit', from);
  }
  peer.send('done');
  expect((await peer.read(4)).toString()).toBe('done');
  peer.close();
}

test.each(CASES)('%s ends at the time limit, and both applications go on', async (_, body) => {
  const { loop, echo } = await startPair(body);
  const peer = await Peer.connect(loop);
  const begun = performance.now();
  peer.send('go');
  const line = await running?.log.waitFor('time limit');
  expect(performance.now() - begun).toBeLessThan(LIMIT + 1000);
  expect(line?.level).toBe('error');
  expect(line?.text).toMatch(
    /^application \/loop, onReception: www\/loop\/main\.lua:\d+: time limit: onReception ran for more than 150 ms/,
  );
  peer.send('ping');
  expect((await peer.read(4)).toString()).toBe('ping');
  peer.close();
  expect(await answers(echo)).toBe(true);
  expect(await answers(loop)).toBe(true);
});

test('a pattern that was ended is what it was, and so is the text', async () => {
  const { loop } = await startPair(`
    local n = calls or 1
    calls = n + 1
    if n == 1 then LONG:find(PATTERN) elseif n == 2 then LONG:gsub(PATTERN, '') elseif n == 3 then LONG:match(PATTERN) end
    assert(#PATTERN == 7 and PATTERN == '(a*)a' .. '*b' and #LONG == 1000000)
    assert(('aaab'):match(PATTERN) == 'aaa' and not ('aaa'):find(PATTERN))`);
  await goesOn(loop, 3);
});

test('what looks like a pattern at work and is none stays as it is', async () => {
  const { loop } = await startPair(`
    local n = calls or 1
    calls = n + 1
    if n == 1 then
      numbers, texts = {}, {}
      local address = tonumber(tostring(coroutine.create(print)):match('0x(%x+)'), 16)
      for i = 1, 20000 do
        numbers[i] = 2 ^ 32 * (i % 200 + 1) + address
        texts[i] = word(1) .. word(0x41414141) .. word(5) .. word(address) .. word(7) .. i
      end
      while true do end
    end
    for i, number in ipairs(numbers) do
      assert(number % 2 ^ 32 == numbers[1] % 2 ^ 32 and math.floor(number / 2 ^ 32) == i % 200 + 1)
      assert(texts[i]:sub(1, 8) == word(1) .. word(0x41414141) and texts[i]:sub(17, 20) == word(7))
    end`);
  await goesOn(loop);
});

test('a pattern made for one match, which is collected afterwards, leaves nothing behind', async () => {
  const { loop } = await startPair(`
    local n = calls or 1
    calls = n + 1
    kept = kept or {}
    if n <= 5 then
      coroutine.wrap(function()
        local pattern = '(a*)' .. ('a*'):rep(20) .. 'b' .. ('x'):rep(100 + n)
        pcall(string.find, LONG, pattern)
        pattern = nil
        collectgarbage()
        for i = 1, 20 do kept[#kept + 1] = ('z'):rep(140 + i) end
        while true do end
      end)()
    end
    for _, text in ipairs(kept) do assert(text == ('z'):rep(#text)) end
    users = users or { [('al'):rep(1) .. 'ice'] = true }
    assert(users['al' .. 'ice'])`);
  await goesOn(loop, 5);
});

test.runIf(LUA_VERSION === '5.1').each([
  [
    "a match that fails in a coroutine's coroutine",
    `coroutine.wrap(function()
      coroutine.resume(coroutine.create(function() LONG:find(CAPTURE) end)) note()
    end)()`,
  ],
  [
    'gmatch in one',
    `coroutine.wrap(function()
      pcall(coroutine.wrap(function() for _ in LONG:gmatch(CAPTURE) do end end)) note()
    end)()`,
  ],
  [
    'a coroutine as what gsub calls',
    `
      local function resumed() while true do note() coroutine.yield('') end end
      string.gsub(('ab'):rep(100000), CAPTURE, coroutine.wrap(resumed))`,
  ],
])('no script sees a pattern that is being ended: %s', async (_, body) => {
  const { loop } = await startPair(`
    CAPTURE, kept, rules = CAPTURE or '(a*a*b)', kept or {}, rules or {}
    function note()
      if #kept > 100 then return end
      local begin = '(a*'
      kept[#kept + 1] = 'x' .. CAPTURE
      rules[begin .. 'a*b)'] = true
    end
    local n = calls or 1
    calls = n + 1
    if n == 1 then ${body} while true do end end
    for _, text in ipairs(kept) do assert(text == 'x(a*a*b)') end
    for rule in pairs(rules) do assert(rule == CAPTURE and rules[CAPTURE]) end`);
  await goesOn(loop);
});

test('a callback of gsub that loops changes no text of its own', async () => {
  const { loop } = await startPair(`
    if calls then return assert(users['alice'] and ('al' .. 'ice') == 'alice') end
    calls, users = 1, { alice = true }
    string.gsub('alice', '%w+', function(word) local name = 'alice' while true do end end)`);
  await goesOn(loop);
});

test('an entry that is within the limit is left alone, also right after one that was not', async () => {
  const { loop } = await startPair('if n then return end n = 1 while true do end');
  const peer = await Peer.connect(loop);
  peer.send('go');
  await running?.log.waitFor('time limit');
  peer.send('more');
  expect((await peer.read(4)).toString()).toBe('more');
  peer.close();
});

test('a loop at load fails the application and no other', async () => {
  const port = await freePort();
  running = await startServer(
    { 'loop/main.lua': '\nwhile true do end', 'echo/main.lua': serving(port, '') },
    INI,
  );
  expect(running.log.texts('error').join()).toMatch(
    /application \/loop not started: www\/loop\/main\.lua:2: time limit: main\.lua ran for more than 150 ms/,
  );
  expect(await answers(port)).toBe(true);
});

test.each(['onStart', 'onManage'])('a loop in %s ends at the time limit', async (event) => {
  running = await startServer(`function ${event}()\n while true do end end`, INI);
  expect((await running.log.waitFor('time limit')).text).toMatch(
    `, ${event}: www/main.lua:2: time limit: ${event}`,
  );
});

test('a loop in onStop does not hold up the stop of the server', async () => {
  const started = await startServer('function onStop() while true do end end', INI);
  await started.stop();
  expect(started.log.texts('error').join()).toContain('time limit: onStop ran for more than 150 ms');
});

test('a coroutine of an earlier event is stopped in a later one', async () => {
  const { loop } = await startPair(`
    co = co or coroutine.wrap(function() coroutine.yield() while true do end end)
    co()`);
  const peer = await Peer.connect(loop);
  peer.send('one');
  expect((await peer.read(3)).toString()).toBe('one');
  peer.send('two');
  await running?.log.waitFor('time limit');
  peer.close();
  expect(await answers(loop)).toBe(true);
});

test('without limits nothing is stopped and no thread runs', async () => {
  running = await startServer(
    'local till = cumulus.epochTime + 300 while cumulus.epochTime < till do end NOTE("done")',
    '[lua]\ntimeout=0\nabort=0\n',
  );
  expect(running.log.texts('note')).toContain('done');
  expect(running.log.texts('warn')).toEqual([]);
});

test('an entry of more than 100 ms is warned of once a minute', async () => {
  const port = await freePort();
  const busy = 'local till = cumulus.epochTime + 250 while cumulus.epochTime < till do end';
  running = await startServer({ 'app/main.lua': serving(port, busy) }, '[lua]\ntimeout=5000\n');
  const { log } = running;
  const peer = await Peer.connect(port);
  const beBusy = async () => {
    peer.send('go');
    await peer.read(2);
  };
  // The thread may still be starting during the first.
  while (log.texts('warn').length === 0) await beBusy();
  await beBusy();
  peer.close();
  const warnings = log.texts('warn');
  expect(warnings).toHaveLength(1);
  const [, took] = /^application \/app, onReception: took (\d+) ms/.exec(warnings[0] ?? '') ?? [];
  expect(Number(took)).toBeGreaterThan(100);
});

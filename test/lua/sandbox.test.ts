/** What a script sees of Lua's libraries, and attempts to see more, on both engines. */
import { expect, test } from 'vitest';
import { ALLOW_LIST } from '../../src/lua/allow-list.js';
import { failure, printed, serve } from '../support/script.js';
import { LUA_VERSION } from '../support/server.js';

const is54 = LUA_VERSION === '5.4';

test('the globals and the members of the libraries are those of the list, and no others', async () => {
  const lines = await printed(`
    local names = {}
    for name, value in pairs(_G) do
      names[#names + 1] = '_G.' .. name
      if type(value) == 'table' and value ~= _G and name ~= 'cumulus' and name ~= 'bit' and name ~= 'jit' then
        for member in pairs(value) do names[#names + 1] = name .. '.' .. member end
      end
    end
    for name in pairs(package.loaded) do assert(_G[name] == package.loaded[name] or name == '_G', name) end
    table.sort(names)
    print(table.concat(names, ' '))`);
  const allowed = new Set(
    Object.entries(ALLOW_LIST[LUA_VERSION]).flatMap(([library, names]) =>
      names
        .trim()
        .split(/\s+/)
        .map((name) => `${library}.${name}`),
    ),
  );
  const seen = (lines[0] ?? '').split(' ');
  expect(seen.length).toBeGreaterThan(130);
  expect(seen.filter((name) => !allowed.has(name))).toEqual([]);
  const missing = [...allowed].filter((name) => !seen.includes(name));
  const inThisEngine = is54 ? ['_G.super'] : ['_G.super', 'package.searchers'];
  expect(missing.sort()).toEqual(inThisEngine);
});

test.each([
  ['os.execute', `os.execute('true')`, 'os.execute is refused'],
  ['io.popen', `io.popen('true')`, 'io.popen is refused'],
  ['os.exit', `os.exit(3)`, 'os.exit is refused'],
  ['package.loadlib', `package.loadlib('/lib/x.so', '*')`, 'package.loadlib is refused'],
])('%s raises an error with the position of the script', async (_, code, message) => {
  expect(await failure(`\n${code}`)).toContain(`www/main.lua:2: ${message}`);
});

test('os.execute says that there is no shell, and a caught os.exit harms nothing', async () => {
  const lines = await printed(`print(os.execute()) print((pcall(os.exit, true, true)))`);
  expect(lines).toEqual([is54 ? 'false' : '0', 'false']);
});

test('functions that see or change the inside of others are gone', async () => {
  const lines = await printed(`
    for name in ('getupvalue setupvalue upvalueid upvaluejoin getlocal setlocal getmetatable setmetatable getregistry sethook gethook getuservalue setuservalue getfenv setfenv debug setcstacklimit'):gmatch('%a+') do
      assert(debug[name] == nil, name)
    end
    assert(require('debug') == debug and string.dump == nil and ('').dump == nil)
    print('none')`);
  expect(lines).toEqual(['none']);
});

test('bytecode is refused by load, loadstring, loadfile, dofile, require and as main.lua', async () => {
  const crafted = `\x1bLua${'\0'.repeat(40)}`;
  const lines = await printed({
    'main.lua': `
      local code = '\\27Lua' .. string.rep('\\0', 40)
      local function pieces(...)
        local list, i = { ... }, 0
        return function() i = i + 1 return list[i] end
      end
      print(load(code, '=x', 'b')) print(load(code, '=x', 'bt')) print(load(code, '=x'))
      print(loadstring(code, '=x'))
      print(load(pieces(code), '=x')) print(load(pieces('\\27', 'Lua'), '=x'))
      print(loadfile('code.lua')) print(pcall(dofile, 'code.lua')) print(pcall(require, 'code'))
      print(loadfile('marked.lua')) print(loadfile('code.lua', 'b'))`,
    'code.lua': crafted,
    'marked.lua': Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(crafted)]),
  });
  expect(lines).toHaveLength(11);
  expect(lines[0]).toMatch(/^nil\t.*attempt to load a text chunk \(mode is 'b'\)$/);
  for (const line of lines.slice(1, 6))
    expect(line).toMatch(/^nil\t.*attempt to load a binary chunk \(mode is 't'\)/);
  for (const line of lines.slice(6, 10)) expect(line).toMatch(/^(nil|false)\t[\s\S]*bytecode is refused/);
  expect(lines[10]).toMatch(/^nil\t.*mode is 'b'/);
  expect(await failure({ 'main.lua': crafted })).toContain(
    'www/main.lua: bytecode is refused, only text is run',
  );
});

test('load takes text, pieces, names and environments as before', async () => {
  const lines = await printed(`
    print(load('return 1 + 1')()) print(load('return x', '=chunk', 't', { x = 'mine' })())
    local list = { 'return ', '4', '2' }
    print(load(function() return table.remove(list, 1) end)())
    print(load('x =', '=broken')) print(loadstring('error "boom"', '@file.lua'))
    print(pcall(loadstring('error "boom"', '@file.lua')))
    print(pcall(load)) print(pcall(load, {})) print(load(function() error('reader') end))`);
  expect(lines[0]).toBe('2');
  expect(lines[1]).toBe('mine');
  expect(lines[2]).toBe('42');
  expect(lines[3]).toMatch(/^nil\tbroken:1: unexpected symbol near /);
  expect(lines[4]).toMatch(/^function: /);
  expect(lines[5]).toBe('false\tfile.lua:1: boom');
  expect(lines[6]).toContain("bad argument #1 to 'load'");
  expect(lines[7]).toContain("bad argument #1 to 'load'");
  expect(lines[8]).toContain('main.lua:7: reader');
});

test('getinfo tells about functions and levels, and gives no function that is not the script’s', async () => {
  const lines = await printed(`
    local function here() local info = debug.getinfo(1, 'Slnf') return info end
    local info = here()
    print(info.short_src, info.currentline, info.func == here, info.linedefined)
    print(debug.getinfo(print).what, debug.getinfo(print, 'f').func == print)
    print(debug.getinfo(0, 'f').func, debug.getinfo(1, 'S').what, debug.getinfo(50))
    -- While a reader runs, the real load is on the stack.
    local stolen
    load(function()
      for level = 0, 20 do
        local info = debug.getinfo(level, 'fS')
        if not info then break end
        if info.func and (info.what == 'C' or info.source:find('^=cumulus')) then stolen = info.func end
      end
    end)
    print(stolen)
    string.gsub('x', 'x', function() print(debug.getinfo(2, 'f').func) end)
    local co = coroutine.create(function() local x = debug.getinfo(1, 'l').currentline coroutine.yield(x) end)
    coroutine.resume(co)
    print(debug.getinfo(co, 1, 'l').currentline, debug.getinfo(co, 0, 'f').func)
    print(pcall(debug.getinfo, 1, '>S')) print(pcall(debug.getinfo, print, '>f')) print(pcall(debug.getinfo, 1, 'X'))
    print(pcall(debug.getinfo)) print((debug.traceback('text', 1):gsub('\\n.*', '')))`);
  expect(lines[0]).toBe('www/main.lua\t2\ttrue\t2');
  expect(lines[1]).toMatch(/^(Lua|C)\ttrue$/);
  expect(lines[2]).toBe('nil\tmain\tnil');
  expect(lines[3]).toBe('nil');
  expect(lines[4]).toBe('nil');
  expect(lines[5]).toBe('18\tnil');
  for (const line of lines.slice(6, 9))
    expect(line).toContain("bad argument #2 to 'getinfo' (invalid option)");
  expect(lines[9]).toContain("bad argument #1 to 'getinfo'");
  expect(lines[10]).toBe('text');
});

test.runIf(is54)('setmetatable refuses __gc, and setting it later does nothing', async () => {
  const message = await failure(`\nsetmetatable({}, { __gc = function() end })`);
  expect(message).toContain('www/main.lua:2: __gc is refused');
  const lines = await printed(`
    print(pcall(setmetatable, {}, { __gc = true }))
    local meta = {} setmetatable({}, meta) meta.__gc = function() print('finalizer') end
    local proxy = newproxy(true) getmetatable(proxy).__gc = meta.__gc
    print(pcall(newproxy, proxy))
    proxy = nil collectgarbage() collectgarbage()
    local hidden = setmetatable({}, { __index = function(_, key) return meta.__gc end })
    setmetatable({}, hidden) collectgarbage()
    print(pcall(setmetatable, 1, {})) print(pcall(setmetatable, {}, 1)) print(pcall(setmetatable, {}))
    print(pcall(setmetatable, setmetatable({}, { __metatable = 'no' }), {}))
    print(getmetatable(setmetatable({}, nil)))`);
  expect(lines[0]).toMatch(/^false\t.*__gc is refused/);
  expect(lines[1]).toMatch(/^false\t.*__gc is refused/);
  expect(lines[2]).toContain("bad argument #1 to 'setmetatable' (table expected, got number)");
  expect(lines[3]).toContain("bad argument #2 to 'setmetatable' (nil or table expected)");
  expect(lines[4]).toMatch(/bad argument #2 to 'setmetatable' \(nil or table expected\)|true/);
  expect(lines[5]).toContain('cannot change a protected metatable');
  expect(lines.slice(6)).toEqual(['nil']);
});

test.runIf(!is54)('a finalizer of a proxy is refused, by whatever way', async () => {
  const lines = await printed(`
    local function finalizer() print('finalizer') end
    setmetatable({}, { __gc = finalizer })
    local proxy = newproxy(true)
    print(pcall(function() getmetatable(proxy).__gc = finalizer end))
    rawset(getmetatable(proxy), '__gc', finalizer)
    print(pcall(setmetatable, getmetatable(proxy), { __gc = finalizer }))
    print(getmetatable(getmetatable(proxy)), getmetatable(getmetatable(proxy).__metatable))
    local again = newproxy(proxy)
    proxy, again = nil, nil
    for i = 1, 10 do newproxy(true) end
    collectgarbage() collectgarbage()`);
  expect(lines[0]).toMatch(/^false\t.*main\.lua:5: __gc is refused/);
  expect(lines[1]).toMatch(/^false\t.*protected metatable/);
  expect(lines.slice(2)).toEqual(['false\tfalse']);
});

test('newproxy makes userdata with the metatable that was asked for', async () => {
  const lines = await printed(`
    local plain, own = newproxy(), newproxy(true)
    print(type(plain), getmetatable(plain), type(own), type(getmetatable(own)))
    local meta = getmetatable(own)
    meta.__index = { answer = 42 } meta.__len = function() return 7 end meta.__tostring = function() return 'me' end
    meta.__call = function(_, x) return x * 2 end
    local twin = newproxy(own)
    print(own.answer, #own, tostring(own), own(4), twin.answer, #twin, getmetatable(twin) == meta, twin == own)
    print(meta.__index.answer, pcall(newproxy, 'x'))`);
  expect(lines.slice(0, 2)).toEqual(['userdata\tnil\tuserdata\ttable', '42\t7\tme\t8\t42\t7\ttrue\tfalse']);
  expect(lines[2]).toMatch(/^42\tfalse\t.*bad argument #1 to 'newproxy'/);
});

test('collectgarbage works, and cannot stop the reclaiming of memory', async () => {
  const lines = await printed(
    `
    print(type(collectgarbage('count')), collectgarbage(), collectgarbage('collect'), type(gcinfo()))
    print(collectgarbage('stop'), collectgarbage('restart'), type(collectgarbage('setpause', 1e9)))
    print(collectgarbage('setpause', 200) <= 1000)
    collectgarbage('stop')
    local part = string.rep('x', 1000)
    for i = 1, 1000 do local s = string.rep(part, 100) .. i end
    print(collectgarbage('count') < 30000)
    print(pcall(collectgarbage, 'explode'))`,
    '[lua]\nmemory=64\n',
  );
  expect(lines.slice(0, 4)).toEqual(['number\t0\t0\tnumber', '0\t0\tnumber', 'true', 'true']);
  expect(lines[4]).toContain("bad argument #1 to 'collectgarbage' (invalid option 'explode')");
});

test('our own functions do not use what a script has replaced', async () => {
  const server = await serve({
    'main.lua': `
      local _G, print, pairs, string_table = _G, print, pairs, string
      local open, require_, load_, getinfo, tmpfile = io.open, require, load, debug.getinfo, io.tmpfile
      local lines, dofile_, newproxy_, setfenv_, gc = io.lines, dofile, newproxy, setfenv, collectgarbage
      local band, tohex, searchpath, get = bit.band, bit.tohex, package.searchpath, getmetatable
      local function trap() error('a trap') end
      for name in pairs(string_table) do string_table[name] = trap end
      for _, library in pairs { 'table', 'math', 'io', 'os', 'debug', 'coroutine' } do
        for name in pairs(_G[library]) do _G[library][name] = trap end
      end
      get('').__index = trap
      local names = {} for name in pairs(_G) do names[#names + 1] = name end
      for i = 1, #names do if names[i] ~= 'onManage' and names[i] ~= 'package' then _G[names[i]] = nil end end
      local f = open('x.txt', 'w') f:write('one\\ntwo\\n') f:close()
      for line in lines('x.txt') do print(line) end
      print(require_('mod'), dofile_('mod.lua'), load_('return 5')())
      print(getinfo(1, 'l').currentline, band(7, 5), tohex(255), newproxy_() ~= nil, gc('count') > 0)
      print(searchpath('none', './?.lua')) tmpfile():close()`,
    'mod.lua': 'return "mod"',
  });
  expect(server.log.texts('error')).toEqual([]);
  const lines = server.log.texts('print');
  expect(lines.slice(0, 2)).toEqual(['one', 'two']);
  expect(lines[2]).toMatch(/^mod\t(\/.*mod\.lua\t)?mod\t5$/);
  expect(lines[3]).toBe('17\t5\t000000ff\ttrue\ttrue');
  expect(lines[4]).toContain("no file 'www/none.lua'");
});

test('what one application does to its strings is not seen by another', async () => {
  const server = await serve({
    'a/main.lua': `getmetatable('').__index = function() return function() return 'broken' end end string.upper = nil`,
    'b/main.lua': `print(('x'):upper())`,
  });
  expect(server.log.texts('print')).toEqual(['X']);
});

test('setfenv(0, …) opens nothing', async () => {
  const lines = await printed(`
    local print, pairs, setfenv, load, _G = print, pairs, setfenv, load, _G
    local env = { marker = 'mine' }
    setfenv(0, env)
    local chunk = load('return marker, io, os, debug, require')
    print(chunk())
    setfenv(0, _G)
    print(load('return marker')())`);
  expect(lines).toEqual(['mine\tnil\tnil\tnil\tnil', 'nil']);
});

test('setfenv on our functions and on those of C changes nothing of them', async () => {
  const lines = await printed({
    'main.lua': `
      local env = setmetatable({}, { __index = function(_, key) print('leaked', key) end })
      for _, f in pairs { io.open, io.lines, require, dofile, load, print, pcall, debug.getinfo, setfenv, newproxy, module } do
        pcall(setfenv, f, env)
        for level = 1, 10 do
          local e = getfenv(f) if type(e) == 'table' and e ~= _G and e ~= env then print('an environment', e) end
        end
      end
      local pcall, setfenv, require, io, print, load, dofile = pcall, setfenv, require, io, print, load, dofile
      local function hook() pcall(setfenv, 2, env) pcall(setfenv, 3, env) pcall(setfenv, 4, env) end
      package.preload.x = hook require 'x'
      env = nil
      for line in io.lines('x.txt') do print(line) end
      print(load('return 1')(), dofile('mod.lua'))`,
    'x.txt': 'line',
    'mod.lua': 'return 2',
  });
  expect(lines).toEqual(['line', '1\t2']);
});

test('a coroutine gets no more than the main chunk', async () => {
  const lines = await printed(`
    local function inside()
      print(pcall(os.exit)) print((io.open('/etc/passwd'))) print(debug.getupvalue) print(debug.getinfo(0, 'f').func)
      print(load('\\27Lua'))
    end
    coroutine.wrap(inside)()`);
  expect(lines[0]).toMatch(/^false\t.*os\.exit is refused/);
  expect(lines.slice(1, 4)).toEqual(['nil', 'nil', 'nil']);
  expect(lines[4]).toMatch(/^nil\t/);
});

test.runIf(is54)('two applications have different random numbers', async () => {
  const server = await serve({
    'a/main.lua': `print(math.random(1 << 50))`,
    'b/main.lua': `print(math.random(1 << 50))`,
  });
  const [a, b] = server.log.texts('print');
  expect(a).not.toBe(b);
});

test.runIf(is54)('warn goes to the log, until it is turned off', async () => {
  const server = await serve(`warn('one ', 'two') warn('@off') warn('three') warn('@on') warn('four')`);
  expect(server.log.texts('warn')).toEqual(['one two', 'four']);
});

test.runIf(!is54)(
  'a script of 5.1 sees the settings of the collector as Lua has them, and its own',
  async () => {
    const lines = await printed(`
    print(collectgarbage('setpause', 150), collectgarbage('setpause', '160.7'), collectgarbage('setpause'))
    print(collectgarbage('setpause', 200))
    print(collectgarbage('setstepmul', 300), collectgarbage('setstepmul', 200), collectgarbage('setstepmul', 200))
    print(type(collectgarbage('step')), type(collectgarbage('step', 10)))
    print(pcall(collectgarbage, 'setpause', {}))
    print(pcall(collectgarbage, 'step', {}))
    print(collectgarbage('setpause', 200), collectgarbage('setstepmul', 200))`);
    expect(lines.slice(0, 4)).toEqual(['200\t150\t160', '0', '200\t300\t200', 'boolean\tboolean']);
    expect(lines[4]).toMatch(/^false\t.*bad argument #2 to .* \(number expected, got table\)$/);
    expect(lines[5]).toMatch(/^false\t.*bad argument #2 to .* \(number expected, got table\)$/);
    expect(lines[6]).toBe('200\t200');
  },
);

import { afterEach, expect, test } from 'vitest';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

async function start(files: Readonly<Record<string, string>>, ini = ''): Promise<TestServer> {
  running = await startServer(files, ini);
  return running;
}

async function notes(files: Readonly<Record<string, string>>): Promise<string[]> {
  const { log } = await start(files);
  expect(log.texts('error')).toEqual([]);
  return log.texts('note').filter((text) => !text.includes('applications running'));
}

test('an error has the position where it happened, and pcall catches it', async () => {
  const got = await notes({
    'main.lua': 'function check() NOTE(select(2, pcall(myGame.fail))) end',
    'Games/myGame/main.lua': '\n\nfunction fail() error("boom") end\ncheck()',
  });
  expect(got).toEqual(['www/Games/myGame/main.lua:3: boom']);
});

test('an error that nobody catches is logged once, with the frames of both applications', async () => {
  const { log } = await start({
    'main.lua': 'function fail()\n  local x = nil\n  return x.y\nend',
    'kid/main.lua': '\nlocal function inner()\n  return (fail())\nend\nfunction onStart()\n  inner()\nend',
  });
  const errors = log.texts('error');
  expect(errors).toHaveLength(1);
  const lines = (errors[0] ?? '').split('\n\t').filter((line) => !line.includes('tail call'));
  expect(lines[0]).toMatch(
    /^application \/kid, onStart: www\/main.lua:3: attempt to index local 'x' \(a nil value\)|^application \/kid, onStart: www\/main.lua:3: attempt to index a nil value \(local 'x'\)/,
  );
  expect(lines[1]).toMatch(/^www\/main.lua:3: in function/);
  expect(lines[2]).toBe('(application /, called by /kid)');
  expect(lines[3]).toMatch(/^www\/kid\/main.lua:3: in /);
  expect(lines[4]).toMatch(/^www\/kid\/main.lua:6: in function/);
  expect(lines).toHaveLength(5);
});

test('an error that goes through several applications keeps the frames of all', async () => {
  const { log } = await start({
    'main.lua': 'function deepest() error("deep") end',
    'a/main.lua': 'function middle() local r = deepest() return r end',
    'b/main.lua': 'function onStart() a.middle() end',
  });
  const [error, ...more] = log.texts('error');
  expect(more).toEqual([]);
  expect(error).toMatch(/^application \/b, onStart: www\/main.lua:1: deep\n/);
  const order = ['www/main.lua:1: in', '(application /, called by /a)', 'www/a/main.lua:1: in'];
  const places = [...order, '(application /a, called by /b)', 'www/b/main.lua:1: in'].map((text) =>
    (error ?? '').indexOf(text),
  );
  expect(places.every((place, i) => place > (places[i - 1] ?? 0))).toBe(true);
});

test('a message that was caught and raised again keeps its text', async () => {
  const got = await notes({
    'main.lua': 'function fail() error("boom") end function bare() error("bare", 0) end',
    'kid/main.lua': `
      local ok, message = pcall(fail)
      NOTE(select(2, pcall(function() error(message, 0) end)))
      NOTE(select(2, pcall(bare)))
    `,
  });
  expect(got).toEqual(['www/main.lua:1: boom', 'bare']);
});

test('an error that is no text arrives as itself', async () => {
  const got = await notes({
    'main.lua': `
      function fail_table() error({ code = 7 }) end
      function fail_with(x) error(x, 0) end
    `,
    'kid/main.lua': `
      local ok, err = pcall(fail_table)
      NOTE(ok, type(err), err.code)
      local mine = {}
      NOTE(select(2, pcall(fail_with, mine)) == mine)
      NOTE(select(2, pcall(fail_with, false)))
      NOTE(select(2, pcall(fail_with, 42)))
      NOTE((pcall(fail_with, nil)))
    `,
  });
  expect(got).toEqual(['(false)table7', '(true)', '(false)', '42', '(false)']);
});

test('an error object that nobody catches is described by its own application', async () => {
  const { log } = await start({
    'main.lua': 'function fail() error({ code = 7 }) end',
    'kid/main.lua': 'fail()',
  });
  expect(log.texts('error')).toHaveLength(1);
  expect(log.texts('error')[0]).toContain('error object { code = 7 }');
});

test("a mistake in a call of a library function has the caller's position", async () => {
  const got = await notes({
    'main.lua': 'rep = string.rep',
    'kid/main.lua': '\nlocal ok, message = pcall(function() rep() end)\nNOTE(message)',
  });
  expect(got[0]).toMatch(/^www\/kid\/main.lua:2: bad argument #1 to .*string expected, got no value/);
});

test('xpcall and its handler see an error of another application', async () => {
  const got = await notes({
    'main.lua': 'function fail() error("boom") end',
    'kid/main.lua': 'NOTE(select(2, xpcall(fail, function(e) return "handled " .. e end)))',
  });
  expect(got).toEqual(['handled www/main.lua:1: boom']);
});

test('applications that call each other back and forth work, to a bounded depth', async () => {
  const got = await notes({
    'main.lua': `
      function down(n) if n == 0 then return 0 end return 1 + kid.down(n - 1) end
      function forever() return kid.forever() end
      function go() NOTE(down(40)) end
    `,
    'kid/main.lua': `
      function down(n) if n == 0 then return 0 end return 1 + super.down(n - 1) end
      function forever() return super.forever() end
      go()
      local ok, message = pcall(forever)
      NOTE(ok) NOTE(message)
      NOTE(down(40))
    `,
  });
  expect(got.slice(0, 2)).toEqual(['40', '(false)']);
  expect(got[2]).toMatch(/calls between applications are nested more than 100 deep/);
  expect(got[3]).toBe('40');
});

test('endless recursion through __index ends in an error, and both go on', async () => {
  const got = await notes({
    'main.lua': `
      thing = setmetatable({}, { __index = function(t, k) return kid.other[k] end })
      function fine() return 'fine' end
    `,
    'kid/main.lua': `
      other = setmetatable({}, { __index = function(t, k) return super.thing[k] end })
      NOTE((pcall(function() return other.x end)))
      NOTE(fine())
    `,
  });
  expect(got).toEqual(['(false)', 'fine']);
});

test('endless recursion inside the other application is its error', async () => {
  const got = await notes({
    'main.lua': 'function recurse() return 1 + recurse() end function fine() return "fine" end',
    'kid/main.lua': 'local ok, message = pcall(recurse) NOTE(ok) NOTE(message) NOTE(fine())',
  });
  expect(got[0]).toBe('(false)');
  expect(got[1]).toMatch(/stack overflow/);
  expect(got[2]).toBe('fine');
});

test('the other application out of memory is an error for the caller, and both go on', async () => {
  const { log } = await start(
    {
      'main.lua': `
        function fill() local s = 'x' while true do s = s .. s end end
        function take(s) return #s end
        function fine() return 'fine' end
      `,
      'kid/main.lua': `
        NOTE(select(2, pcall(fill)))
        NOTE(fine())
        local big = ('x'):rep(500000)
        NOTE(take(big))
      `,
    },
    '[lua]\nmemory=32\n',
  );
  expect(log.texts('error')).toEqual([]);
  expect(log.texts('note').slice(0, 3)).toEqual(['not enough memory', 'fine', '500000']);
});

test('an argument that the other application has no memory for is an error for the caller', async () => {
  const { log } = await start(
    {
      'main.lua':
        'kept = {} function keep(s) kept[#kept + 1] = s .. #kept end function fine() return "fine" end',
      'kid/main.lua': `
        local big = ('x'):rep(6000000)
        local ok, message
        for _ = 1, 20 do ok, message = pcall(keep, big) if not ok then break end end
        NOTE(ok) NOTE(message)
        NOTE(fine())
      `,
    },
    '[lua]\nmemory=32\n',
  );
  expect(log.texts('error')).toEqual([]);
  const [ok, message, fine] = log.texts('note');
  expect([ok, fine]).toEqual(['(false)', 'fine']);
  expect(message).toContain('not enough memory');
});

test('a loop in another application ends at the time limit, and both go on', async () => {
  const { log } = await start(
    {
      'main.lua': 'function spin() while true do pcall(function() while true do end end) end end',
      'kid/main.lua': `
        function onStart() spin() end
        function onManage() if not once then once = true NOTE('kid goes on') end end
      `,
      'later/main.lua': 'NOTE("later ", type(super.spin))',
    },
    '[lua]\ntimeout=150\n',
  );
  expect(log.texts('error')).toHaveLength(1);
  expect(log.texts('error')[0]).toMatch(
    /^application \/kid, onStart: www\/kid\/main.lua:2: www\/main.lua:1: time limit/,
  );
  expect(log.texts('note')).toContain('later function');
  expect(log.texts('note')).toContain('kid goes on');
});

test('a name that is misspelt says so at its place', async () => {
  const { log } = await start({ 'main.lua': '', 'kid/main.lua': 'super.kidd.x = 1' });
  expect(log.texts('error')[0]).toContain('www/kid/main.lua:1: attempt to index');
});

test('an error that comes again is the same each time, and is counted', async () => {
  const port = await freePort();
  const { log, stop } = await start({
    'main.lua': 'function fail() local x = nil local y = x.z end\nfor i = 1, 3 do pcall(fail) end',
    'kid/main.lua': `for i = 1, 3 do pcall(fail) end
      server = cumulus:createTCPServer()
      function server:clientHandler(client)
        function client:onReception(data) self:send("?") fail() end
      end
      assert(server:start(${port}))`,
  });
  const peer = await Peer.connect(port);
  for (let i = 0; i < 20; i++) {
    peer.send('x');
    await peer.read(1);
  }
  peer.close();
  await stop();
  const [first = '', ...more] = log.texts('error');
  expect(first.match(/called by \/kid/g)).toHaveLength(1);
  for (const text of more) expect(text).toMatch(/x'.*\(\d+ more like this\)$/);
});

import { afterEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';

let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

test('x', async () => {
  running = await startServer({
    'main.lua': `
      shared = 'root'
      data = { 1, 2, 3, name = 'd', sub = { deep = 'yes' } }
      function add(a, b) return a + b, 'two', nil, true end
      function fail() error('boom') end
      function failt() error({ code = 5 }) end
      function say(...) NOTE('say ', ...) end
    `,
    'kid/main.lua': `
      NOTE(shared, ' ', tostring(super ~= nil), ' ', type(data), ' ', type(add))
      NOTE(select('#', add(1, 2)), ' ', add(1,2))
      NOTE(#data, data.name, data.sub.deep, ' ', tostring(data.sub == data.sub))
      for i, v in ipairs(data) do NOTE('i', i, v) end
      local n = 0 for k, v in pairs(data) do n = n + 1 end NOTE('pairs ', n)
      data.x = 7 NOTE(data.x)
      NOTE(pcall(fail))
      local ok, e = pcall(failt) NOTE(tostring(ok), type(e), e.code)
      data[4] = function() return 'home' end
      say(data[4]())
      NOTE(tostring(next(data) ~= nil))
      fail()
    `,
  });
  console.log(running.log.lines.map((l) => l.level + ' ' + l.text).join('\n'));
});

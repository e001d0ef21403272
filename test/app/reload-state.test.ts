import { afterEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';

let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

test('what onStop returns is what the next onStart gets; the first start gets nil', async () => {
  const script = (name: string) => `
    count = 0
    function onStart(path, state)
      if state then count = state.count; list = state.list; same = state.same == state.list; blob = state.blob end
      count = count + 1
      NOTE("${name} [", path, "] ", state == nil and "nil" or type(state), " ", count, " ", same, " ", list and #list or "-", " ", blob and #blob or "-")
    end
    function onStop()
      local list = { 1, 2, { deep = { "x" } } }
      return { count = count, list = list, same = list, blob = string.char(0, 255, 10) }
    end
  `;
  running = await startServer(script('one'));
  expect(running.log.texts('note')[0]).toBe('one [] nil 1 (null) - -');
  running.write('main.lua', script('two'));
  const line = await running.log.waitFor(/^two/);
  expect(line.text).toBe('two [] table 2 (true) 3 3');
});

test('what cannot be carried is refused with its key path, and the rest is carried', async () => {
  const script = (name: string) => `
    function onStart(path, state) NOTE("${name} ", state and state.good, " ", state and state.bad) end
    function onStop()
      return { good = 7, bad = { inner = print }, client = cumulus:createTCPClient(), co = coroutine.create(print) }
    end
  `;
  running = await startServer(script('one'));
  running.write('main.lua', script('two'));
  const line = await running.log.waitFor(/^two/);
  expect(line.text).toMatch(/^two 7 table_/);
  const errors = running.log.texts('error').join('\n');
  expect(errors).toContain('state.bad.inner cannot be carried over a reload: it is a function');
  expect(errors).toContain('state.client cannot be carried over a reload: it is an object');
  expect(errors).toContain('state.co cannot be carried over a reload: it is a thread');
});

test('state of more than a million entries is not carried over, with an error', async () => {
  const script = (name: string) => `
    function onStart(path, state) NOTE("${name} ", type(state)) end
    function onStop() local t = {} for i = 1, 1000001 do t[i] = true end return t end`;
  running = await startServer(script('one'));
  running.write('main.lua', script('two'));
  expect((await running.log.waitFor(/^two/)).text).toBe('two nil');
  expect(running.log.texts('error').join()).toContain('have more than 1000000 entries');
});

test('state that refers to itself arrives with the same shape', async () => {
  const script = (name: string) => `
    function onStart(path, state)
      if state then NOTE("${name} ", state.me == state, " ", state.a.parent == state) end
    end
    function onStop() local t = { a = {} }; t.me = t; t.a.parent = t; return t end
  `;
  running = await startServer(script('one'));
  running.write('main.lua', script('two'));
  expect((await running.log.waitFor(/^two/)).text).toBe('two (true) (true)');
});

test('the state goes to the version that is brought back when the new one fails', async () => {
  const good = `
    function onStart(path, state) NOTE("start ", state and state.n or "nil") end
    function onStop() return { n = 42 } end
  `;
  running = await startServer(good);
  running.write('main.lua', 'error("bad")');
  await running.log.waitFor('rolled back');
  expect(running.log.texts('note').filter((text) => text.startsWith('start'))).toEqual([
    'start nil',
    'start 42',
  ]);
});

test('an onStop that throws loses its state and nothing else', async () => {
  running = await startServer('function onStop() error("no") end');
  running.write('main.lua', 'function onStart(path, state) NOTE("two ", state) end');
  expect((await running.log.waitFor(/^two/)).text).toBe('two (null)');
  expect(running.log.texts('error').join()).toContain('onStop');
});

test('an onStop that loops is ended by the time limit, and the new version starts', async () => {
  running = await startServer('function onStop() while true do end end', '[lua]\ntimeout=200\n');
  running.write('main.lua', 'function onStart(path, state) NOTE("two ", state) end');
  expect((await running.log.waitFor(/^two/)).text).toBe('two (null)');
  expect(running.log.texts('error').join()).toContain('time limit');
});

test('a main.lua that loops is ended by the time limit and rolled back', async () => {
  running = await startServer('function onStart() NOTE("good") end', '[lua]\ntimeout=200\n');
  running.write('main.lua', 'while true do end');
  const line = await running.log.waitFor('rolled back');
  expect(line.text).toContain('time limit');
  expect(running.log.texts('note').filter((text) => text === 'good')).toHaveLength(2);
});

test('an error in onStart is logged, and the new version stays', async () => {
  running = await startServer('function onManage() end');
  running.write('main.lua', 'function onStart() error("late") end function onStop() NOTE("two stops") end');
  await running.log.waitFor('reloaded as generation 2');
  expect(running.log.texts('error').join()).toContain('late');
  running.write('main.lua', 'NOTE("three")');
  await running.log.waitFor('two stops');
});

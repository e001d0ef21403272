/** The time limit in files that an application has required: at load, in their functions, and when they come late. */
import { afterEach, expect, test } from 'vitest';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const INI = '[lua]\ntimeout=400\n[reload]\nenabled=false\n';

let running: TestServer | undefined;
let peer: Peer | undefined;

afterEach(async () => {
  peer?.close();
  await running?.stop();
  running = undefined;
});

/** Starts "/app", whose answer to what it receives is `expression`. */
async function start(expression: string, module: string): Promise<TestServer> {
  const port = await freePort();
  const main = `server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data)
        self:send(tostring(${expression}) .. '\\n')
      end
    end
    assert(server:start(${port}))`;
  running = await startServer({ 'app/main.lua': main, 'app/lib/part.lua': module }, INI);
  peer = await Peer.connect(port);
  return running;
}

/** Sends `text`. @returns the answer's line */
async function ask(text: string): Promise<string | undefined> {
  peer?.send(text);
  return peer?.readUntil();
}

/** Sends `text`. @returns the error that follows; the same once more is a line that counts it, after a second */
async function fail(text: string): Promise<string | undefined> {
  const from = running?.log.lines.length;
  peer?.send(text);
  return (await running?.log.waitFor(/^application \/app, /, from))?.text;
}

test('a loop in a module that main.lua requires fails the start, until the module is mended', async () => {
  const files = {
    'app/main.lua': "NOTE((require('lib.part')))",
    'app/lib/part.lua': '\n\nwhile true do end',
  };
  running = await startServer(files, INI);
  expect(running.log.texts('error').join()).toMatch(
    /^application \/app not started: www\/app\/lib\/part\.lua:3: time limit: main\.lua ran for more than 400 ms\n/,
  );
  expect(running.log.texts('error').join()).toContain('www/app/main.lua:1: in main chunk');
  running.write('app/lib/part.lua', 'return "mended"');
  await running.server.refresh();
  expect(running.log.texts('note')).toContain('mended');
});

test('a loop in a module of a new version brings the old one back, with the module as it was', async () => {
  const { log, write, server } = await start("require('lib.part')", "return 'old'");
  expect(await ask('one')).toBe('old\n');
  write('app/lib/part.lua', 'while true do end');
  write('app/main.lua', "require('lib.part')");
  await server.refresh();
  expect(log.texts('error').join()).toMatch(
    /^application \/app rolled back to generation 1: app\/main\.lua changed, but it failed: www\/app\/lib\/part\.lua:1: time limit/,
  );
});

test('a loop in a function of a module ends with the event that called it', async () => {
  await start(
    "data ~= 'go' and 'well' or require('lib.part').work()",
    'local part = {}\nfunction part.work()\n  while true do end\nend\nreturn part',
  );
  const error = await fail('go');
  expect(error).toMatch(
    /^application \/app, onReception: www\/app\/lib\/part\.lua:3: time limit: onReception ran for more than 400 ms\n/,
  );
  expect(error).toMatch(/www\/app\/lib\/part\.lua:3: in function .*\n.*www\/app\/main\.lua:4: in /);
  expect(await ask('hello')).toBe('well\n');
  expect(await fail('go')).toBeDefined();
});

test('a module that is required in an event and loops is named, and is tried anew by the next require', async () => {
  await start(
    "data ~= 'go' and 'well' or require('lib.part').value",
    "tries = (tries or 0) + 1\nwhile tries < 3 do end\nreturn { value = 'loaded' }",
  );
  const error = await fail('go');
  expect(error).toMatch(
    /^application \/app, onReception: www\/app\/lib\/part\.lua:2: time limit: onReception/,
  );
  expect(await ask('hello')).toBe('well\n');
  expect(await fail('go')).toMatch(/part\.lua:2: time limit/);
  expect(await ask('go')).toBe('loaded\n');
});

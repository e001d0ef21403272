import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Restart } from '../../src/app/restart.js';
import { captureEngines, corrupt, type EngineCapture } from '../support/engines.js';
import { freePort, LUA_VERSION, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

let running: TestServer | undefined;
let engines: EngineCapture;

beforeEach(() => {
  engines = captureEngines();
});

afterEach(async () => {
  engines.stop();
  await running?.stop();
  running = undefined;
});

/** Answers what it receives; `trouble` is run for "trouble". */
function serving(port: number, trouble = ''): string {
  return `server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data)
        if data == 'trouble' then ${trouble} end
        self:send(data)
        return 0
      end
    end
    assert(server:start(${port}))`;
}

async function startPair(
  trouble = '',
  ini = '',
): Promise<{ victim: number; echo: number; log: TestServer['log'] }> {
  const victim = await freePort();
  const echo = await freePort();
  running = await startServer(
    { 'a/main.lua': serving(victim, trouble), 'echo/main.lua': serving(echo) },
    ini,
  );
  return { victim, echo, log: running.log };
}

async function ask(peer: Peer, text: string): Promise<string> {
  peer.send(text);
  return (await peer.read(text.length)).toString();
}

function breakFirst(): void {
  const [first] = engines.made;
  if (first) corrupt(first);
}

describe('an application whose Lua machine broke', () => {
  test('loses its sockets, is logged, and starts again by itself, while others are not touched', async () => {
    const { victim, echo, log } = await startPair();
    const other = await Peer.connect(echo);
    const peer = await Peer.connect(victim);
    expect(await ask(peer, 'ping')).toBe('ping');
    breakFirst();
    peer.send('ping');
    const line = await log.waitFor('its Lua machine broke');
    expect(line.level).toBe('error');
    expect(line.text).toMatch(
      /^application \/a: its Lua machine broke in onReception: .*; .* starts again in 1 s$/,
    );
    await peer.readAll();
    expect(await ask(other, 'ping')).toBe('ping');
    await log.waitFor('application /a started', log.lines.indexOf(line));
    const again = await Peer.connect(victim);
    expect(await ask(again, 'ping')).toBe('ping');
    expect(await ask(other, 'ping')).toBe('ping');
    for (const each of [peer, other, again]) each.close();
  });

  test('waits longer each time', async () => {
    const { victim, log } = await startPair();
    const pauses: (string | undefined)[] = [];
    for (let from = 0; pauses.length < 2; ) {
      const raw = pauses.length === 0 ? engines.made[0] : engines.made.at(-1);
      if (raw) corrupt(raw);
      const peer = await Peer.connect(victim);
      const line = await log.waitFor('its Lua machine broke', from);
      peer.close();
      pauses.push(/again in (\d+) s/.exec(line.text)?.[1]);
      from = log.lines.indexOf(line) + 1;
      await log.waitFor('application /a started', from);
    }
    expect(pauses).toEqual(['1', '2']);
  });

  test('does not start again once the server stops', async () => {
    const { victim, log } = await startPair();
    breakFirst();
    const peer = await Peer.connect(victim);
    await log.waitFor('its Lua machine broke');
    const made = engines.made.length;
    await running?.stop();
    running = undefined;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(engines.made.length).toBe(made);
    peer.close();
  });

  test('starts at once when one of its files changes', async () => {
    const { victim, log } = await startPair('', '[reload]\nenabled=false\n');
    breakFirst();
    const peer = await Peer.connect(victim);
    const broken = log.lines.indexOf(await log.waitFor('its Lua machine broke'));
    running?.write('a/main.lua', 'NOTE("mended")');
    await running?.server.refresh();
    await log.waitFor('mended', broken);
    const made = engines.made.length;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(engines.made.length).toBe(made);
    peer.close();
  });

  test('may break in an event within an event', async () => {
    const { victim, echo, log } = await startPair(`
      function self:onDisconnection() NOTE('now') NOTE('never') end
      self:disconnect()
      NOTE('never')`);
    const peer = await Peer.connect(victim);
    expect(await ask(peer, 'ping')).toBe('ping');
    // In the middle of that call of NOTE.
    log.onLine = (text) => text === 'now' && breakFirst();
    peer.send('trouble');
    const line = await log.waitFor('its Lua machine broke in onReception');
    expect(log.texts()).not.toContain('never');
    await log.waitFor('application /a started', log.lines.indexOf(line));
    for (const port of [victim, echo]) {
      const again = await Peer.connect(port);
      expect(await ask(again, 'ping')).toBe('ping');
      again.close();
    }
    peer.close();
  });
});

// 5.1's patterns recurse in C without a limit of their own: a stack overflow of JavaScript in the middle of Lua.
test.runIf(LUA_VERSION === '5.1')('a pattern that exhausts the stack restarts the application', async () => {
  const { victim, echo, log } = await startPair(
    "string.find(string.rep('x', 300000), string.rep('x-', 100000) .. 'b')",
  );
  const other = await Peer.connect(echo);
  const peer = await Peer.connect(victim);
  peer.send('trouble');
  const line = await log.waitFor('its Lua machine broke');
  expect(line.text).toContain('Maximum call stack size exceeded');
  await log.waitFor('application /a started', log.lines.indexOf(line));
  const again = await Peer.connect(victim);
  expect(await ask(again, 'ping')).toBe('ping');
  expect(await ask(other, 'ping')).toBe('ping');
  for (const each of [peer, other, again]) each.close();
});

test('the pauses double from 1 s to 60 s, and begin anew after five minutes that went well', () => {
  const restart = new Restart();
  const pauses: number[] = [];
  for (let i = 0; i < 8; i++) pauses.push(restart.schedule(() => {}, i));
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  restart.started(1000);
  expect(restart.schedule(() => {}, 300_999)).toBe(60_000);
  restart.started(1000);
  expect(restart.schedule(() => {}, 301_000)).toBe(1000);
  restart.cancel();
});

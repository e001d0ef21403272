/** Long messages, which are read from the socket to where the script's string is. */
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { freePort, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { start, stopAfterEach } from './run-script.js';

stopAfterEach();
const closing = closeAfterEach();

let count = 0;

/** No two of them are equal anywhere. */
function message(size: number): Buffer {
  const bytes = Buffer.alloc(size, 'a');
  for (let i = 0; i + 8 <= size; i += 8) bytes.write(String(count++).padStart(8, '0'), i);
  return bytes;
}

/** @param body of onReception */
async function serving(body: string): Promise<{ server: TestServer; peer: Peer }> {
  const port = await freePort();
  const server = await start(`server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data) assert(type(data) == "string") ${body} end
      function client:onDisconnection() NOTE("disconnected ", self.error or "-") end
    end
    assert(server:start(${port}))`);
  return { server, peer: closing(await Peer.connect(port)) };
}

async function echo(peer: Peer, size: number): Promise<void> {
  const sent = message(size);
  peer.send(sent);
  expect((await peer.read(size)).equals(sent)).toBe(true);
}

const SIZES = [
  65_536, 65_536, 65_537, 65_535, 40_000, 1, 131_072, 131_071, 131_073, 700_000, 32_768, 9, 65_536,
];

test('come and go as they are, whatever their length', async () => {
  const { server, peer } = await serving('self:send(data) return 0');
  for (let round = 0; round < 8; round++) for (const size of SIZES) await echo(peer, size);
  const same = message(65_536);
  for (let i = 0; i < 20; i++) {
    peer.send(same);
    expect((await peer.read(same.length)).equals(same)).toBe(true);
  }
  peer.end();
  await server.log.waitFor('disconnected -');
  expect(server.log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
});

test('are kept, and kept apart, by a script that stores them', async () => {
  const { peer } = await serving(`
    stored = stored or {}
    if data == "all" then for i = 1, #stored do self:send(stored[i]) end return 0 end
    stored[#stored + 1] = data
    self:send(".")
    return 0`);
  const sent: Buffer[] = [];
  for (let i = 0; i < 100; i++) {
    const bytes = message(i % 5 === 0 ? 100 : 65_536);
    sent.push(bytes);
    peer.send(bytes);
    await peer.read(1);
    // What came in pieces has as many answers.
    while (peer.received.length > 0) await peer.read(peer.received.length);
  }
  peer.send('all');
  const expected = Buffer.concat(sent);
  const all = await peer.readUntil(expected.subarray(-16).toString());
  expect(all.replace(/^\.+/, '')).toBe(expected.toString());
});

test('of which something is kept are joined with what follows', async () => {
  const { server, peer } = await serving(`
    if #data < 150000 then return #data end
    self:send(data:sub(1, 150000))
    return #data - 150000`);
  const sent = Buffer.concat(Array.from({ length: 30 }, () => message(65_536)));
  peer.send(sent);
  const whole = Math.floor(sent.length / 150_000) * 150_000;
  expect((await peer.read(whole)).equals(sent.subarray(0, whole))).toBe(true);
  expect(server.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('one whose handler fails is gone, and the next one is served', async () => {
  const { server, peer } = await serving(`
    if not data:find("bad", 1, true) then self:send(data) return 0 end
    self:send(("-"):rep(#data))
    error("bad")`);
  await echo(peer, 65_536);
  await echo(peer, 65_536);
  peer.send(Buffer.alloc(65_536, 'bad!'));
  await peer.read(65_536);
  await server.log.waitFor(/onReception: .*bad/);
  await echo(peer, 65_536);
  expect(peer.received.length).toBe(0);
});

test('a number of bytes to keep that there are not is told, and all is kept', async () => {
  const { server, peer } = await serving(`
    if data:find("k", 1, true) and not data:find("!", 1, true) then return #data + 5 end
    self:send(data)
    return 0`);
  await echo(peer, 40_000);
  await echo(peer, 40_000);
  const kept = Buffer.alloc(40_000, 'k');
  peer.send(kept);
  await server.log.waitFor(/onReception returned \d+, but there are \d+ bytes: all are kept/);
  peer.send('!');
  expect((await peer.read(40_001)).toString()).toBe(`${kept}!`);
});

test('that come when the handler is gone reach nobody', async () => {
  const { server, peer } = await serving(`
    if data:find("over", 1, true) then self.onReception = nil end
    self:send(data)
    return 0`);
  await echo(peer, 32_768);
  await echo(peer, 65_536);
  peer.send('over');
  await peer.read(4);
  for (let i = 0; i < 20; i++) peer.send(message(65_536));
  peer.end();
  await server.log.waitFor(/disconnected -/);
  expect((await peer.readAll()).length).toBe(0);
});

test('a script that sets the collector and puts it back finds what it was, whenever it looks', async () => {
  const { server, peer } = await serving(`
    local pause, step = collectgarbage("setpause", 120), collectgarbage("setstepmul", 120)
    collectgarbage("setpause", pause) collectgarbage("setstepmul", step)
    first = first or pause .. " " .. step
    if pause .. " " .. step ~= first then NOTE("changed to ", pause, " ", step) end
    self:send(data)
    return 0`);
  for (let i = 0; i < 300; i++) await echo(peer, 65_536);
  peer.end();
  await server.log.waitFor('disconnected -');
  expect(server.log.texts('note').filter((text) => text.includes('changed'))).toEqual([]);
});

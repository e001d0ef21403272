/**
 * What a script returns from onReception, against the table in reference-behaviour.md: any results, any segmentation.
 */
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

/** A result as Lua, and what the model keeps of `length` bytes. */
const RESULTS: Readonly<Record<string, readonly [lua: string, keep: (length: number) => number]>> = {
  nothing: ['', () => 0],
  nil: ['nil', () => 0],
  zero: ['0', () => 0],
  all: ['#data', (length) => length],
  half: ['math.floor(#data / 2)', (length) => Math.floor(length / 2)],
  one: ['1', () => 1],
  fraction: ['1.9', () => 1],
  text: ['tostring(math.floor(#data / 2))', (length) => Math.floor(length / 2)],
  almostAll: ['#data - 1', (length) => length - 1],
  boolean: ['true', () => 0],
  table: ['{}', () => 0],
  words: ['"text"', () => 0],
  nan: ['0/0', () => 0],
  infinity: ['1/0', () => 0],
  minusInfinity: ['-1/0', () => 0],
  negative: ['-1', (length) => length],
  tooMany: ['#data + 1', (length) => length],
  huge: ['1e300', (length) => length],
  error: ['error("on purpose")', () => 0],
};
const NAMES = Object.keys(RESULTS);

/**
 * The first line names what onReception is to return from then on, once each, then 0. Every reception after it is
 * answered with its length, eight digits, and the data.
 */
const script = (port: number) => `
  local results = {
    ${NAMES.map((name) => `["${name}"] = function(data) return ${RESULTS[name]?.[0]} end`).join(',\n')}
  }
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    local plan, at = nil, 0
    function client:onReception(data)
      if not plan then
        local line = data:match("^(.-)\\n$")
        if not line then return #data end
        plan = { cumulus:split(line, ",") }
        return self:send("ready") and 0
      end
      self:send(("%08d"):format(#data) .. data)
      at = at + 1
      local result = results[plan[at] or "zero"]
      return result(data)
    end
  end
  assert(server:start(${port}))
`;

let running: TestServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** Splits what the script has answered into the receptions. */
function receptionsOf(answer: Buffer): Buffer[] {
  const receptions: Buffer[] = [];
  for (let at = 0; at < answer.length; ) {
    const length = Number(answer.toString('latin1', at, at + 8));
    receptions.push(answer.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return receptions;
}

/** @returns what is wrong with the receptions of `stream` */
function judge(stream: Buffer, names: readonly string[], receptions: readonly Buffer[]): string | undefined {
  let kept = 0;
  let position = 0;
  for (const [i, bytes] of receptions.entries()) {
    const fresh = bytes.length - kept;
    if (fresh <= 0) return `reception ${i}: ${fresh} new bytes`;
    position += fresh;
    if (!bytes.equals(stream.subarray(position - bytes.length, position)))
      return `reception ${i}: wrong bytes`;
    kept = RESULTS[names[i] ?? 'zero']?.[1](bytes.length) ?? 0;
  }
  return position === stream.length ? undefined : `${position} of ${stream.length} bytes delivered`;
}

test('kept bytes come again in front of new ones, for every kind of result', async () => {
  const port = await freePort();
  running = await startServer(script(port), '[logs]\nlevel=error\n');
  const run = async (names: string[], segments: Uint8Array[]) => {
    const stream = Buffer.concat(segments);
    const peer = await Peer.connect(port);
    peer.socket.setNoDelay(true);
    peer.send(`${names.join(',')}\n`);
    await peer.read('ready'.length);
    for (const segment of segments) {
      peer.send(segment);
      await new Promise((resolve) => setImmediate(resolve));
    }
    peer.end();
    const receptions = receptionsOf(await peer.readAll());
    peer.close();
    expect(judge(stream, names, receptions)).toBeUndefined();
  };
  const names = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 12 });
  const segment = fc.uint8Array({ minLength: 1, maxLength: 3000 });
  const segments = fc.array(segment, { minLength: 1, maxLength: 12 });
  await fc.assert(fc.asyncProperty(names, segments, run), { numRuns: 100 });
});

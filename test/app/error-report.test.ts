/** A script that fails again and again: what the log gets of it. */
import { expect, test } from 'vitest';
import { ErrorReport } from '../../src/app/error-report.js';
import { start, stopAfterEach } from '../api/run-script.js';
import { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';

stopAfterEach();
const closing = closeAfterEach();

test('long errors are remembered by their ends, and told apart by them', () => {
  const lines: string[] = [];
  const report = new ErrorReport((level, text) => lines.push(`${level} ${text}`));
  const long = (end: string) => `main.lua:1: ${'x'.repeat(1_000_000)}${end}`;
  for (const end of ['a', 'a', 'b', 'a']) report.add(long(end), {});
  report.close();
  expect(lines.map(({ length }) => length > 1_000_000)).toEqual([true, true, false]);
  expect(lines[2]).toMatch(/^error main\.lua:1: x+ … x+a \(1000013 characters\) \(2 more like this\)$/);
});

test('an error at each message is logged at once, and then at most once a second with a count', async () => {
  const port = await freePort();
  const { log, stop } = await start(`
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data)
        self:send(data)
        error("always")
      end
    end
    server:start(${port})`);
  const peer = closing(await Peer.connect(port));
  const begun = performance.now();
  for (let i = 0; i < 50; i++) {
    peer.send('x');
    await peer.read(1);
  }
  await stop();
  const texts = log.texts('error');
  expect(texts[0]).toMatch(/^application \/, onReception: www\/main\.lua:6: always\nstack traceback:/);
  expect(texts.length).toBeLessThanOrEqual(2 + Math.ceil((performance.now() - begun) / 1000));
  const counts = texts.map((text) => Number(/always \((\d+) more like this\)$/.exec(text)?.[1] ?? 1));
  expect(counts.reduce((sum, count) => sum + count)).toBe(50);
});

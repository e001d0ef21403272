/** A hundred thousand random datagrams, for an echo and for a script that does not get on with many of them. */
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { UdpPeer } from '../support/udp.js';
import { Actor, Stage } from './stage.js';

const closing = closeAfterEach();

const COUNT = 100_000;

const victim = (echo: number, failing: number) => `
  local received = 0
  local echo, failing = cumulus:createUDPSocket(), cumulus:createUDPSocket()
  function echo:onReception(data, address)
    received = received + 1
    self:send(data, address)
  end
  function failing:onReception(data, address)
    received = received + 1
    if #data % 3 == 0 then error('I do not like it') end
    if #data % 3 == 1 then return data.no.such.field end
    self:send(data, address)
  end
  assert(not echo:bind('127.0.0.1:${echo}'))
  assert(not failing:bind('127.0.0.1:${failing}'))
  function onStop() NOTE('received ', received) end
`;

test('a hundred thousand random datagrams are answered, or are errors, and disturb nobody', async () => {
  const ports = [await freePort(), await freePort()] as const;
  const stage = closing(await Stage.open(victim(...ports)));
  const load = closing(new Actor('datagrams.js'));
  const figures = await stage.endure(load, () =>
    load.ask<{ sent: number; answers: number; wrong: number }>('scatter', { ports, count: COUNT }),
  );
  expect(figures).toMatchObject({ sent: COUNT, wrong: 0 });
  // The kernel drops what comes faster than it is taken.
  expect(figures.answers).toBeGreaterThan(1000);
  for (const size of [0, 65_507]) {
    const peer = closing(await UdpPeer.bind());
    await peer.send(Buffer.alloc(size, 'x'), ports[0]);
    expect((await peer.next()).bytes).toEqual(Buffer.alloc(size, 'x'));
  }
  expectErrors(stage.log());
});

/** They are there, each with its place in the script, and are not as many as the datagrams were. */
function expectErrors(log: readonly string[]): void {
  const errors = log.filter((line) => !line.startsWith(' '));
  expect(errors.length).toBeGreaterThan(1);
  expect(errors.length).toBeLessThan(COUNT / 10);
  for (const line of errors) expect(line).toMatch(/^(ERROR|CRITIC) .*(victim.*onReception|taken)/);
}

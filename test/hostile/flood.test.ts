/** Peers that send as fast as they can, into scripts that drop it, keep it, do not want it now, or send it back. */
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { Actor, Stage } from './stage.js';

const closing = closeAfterEach();

const MIB = 1_048_576;

/** @param body of onReception @param more of main.lua */
const receiving = (body: string, more = '') => `
  ${more}
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    function client:onReception(data) ${body} end
  end
  assert(server:start(PORT))
`;

interface Flooded {
  readonly connections: number;
  readonly bytes: number;
}

async function flood(
  victim: string,
  { ini = '', reads = true, turns = 0, last = '' } = {},
): Promise<{ stage: Stage; flooded: Flooded }> {
  const stage = closing(await Stage.open(victim, ini));
  const load = closing(new Actor('flood.js'));
  const options = { port: stage.port, count: 100, ms: 3000, turns, reads };
  const flooded = await stage.endure(load, async () => {
    const figures = await load.ask<Flooded>('flood', options);
    await load.ask('say', { port: stage.port, text: last });
    return figures;
  });
  return { stage, flooded };
}

test('a hundred that send without pause into a script that drops it do not disturb a neighbour', async () => {
  const { stage, flooded } = await flood(receiving('return 0'));
  expect(flooded.connections).toBe(100);
  expect(flooded.bytes).toBeGreaterThan(20 * MIB);
  expect(stage.log()).toEqual([]);
});

test('those whose data is kept are thrown out at the limit, come again, and disturb nobody', async () => {
  const { stage, flooded } = await flood(receiving('return #data'), {
    ini: '[tcp]\nreceiveLimit=256k\n',
    turns: 2,
  });
  expect(flooded.connections).toBeGreaterThanOrEqual(200);
  const log = stage.log();
  expect(log.length).toBeGreaterThan(0);
  for (const line of log) expect(line).toMatch(/^ERROR .*(receive limit reached|taken \d+ times)/);
});

/** Stops reading, until somebody says "!": it is only then that it can notice who has gone. */
const RELUCTANT = `
  local paused, draining = {}, false
  local function receive(client, data)
    if data == '!' then
      draining = true
      for other in pairs(paused) do other:resume() end
    elseif not draining then
      client:pause()
      paused[client] = true
    end
  end
`;

test('those whose connection is paused are slowed by the kernel, and disturb nobody', async () => {
  const { stage, flooded } = await flood(receiving('receive(self, data)', RELUCTANT), { last: '!' });
  expect(flooded.connections).toBe(100);
  // What the kernels of both sides hold, and no more: nothing is read.
  expect(flooded.bytes).toBeLessThan(100 * 16 * MIB);
  expect(stage.log()).toEqual([]);
});

test('those who do not read their echo are sent nothing beyond the limit, and disturb nobody', async () => {
  const { stage, flooded } = await flood(receiving('self:send(data)'), {
    ini: '[tcp]\nsendLimit=256k\n',
    reads: false,
  });
  expect(flooded.connections).toBe(100);
  for (const line of stage.log()) expect(line).toMatch(/send limit reached/);
});

/** A thousand peers that send byte by byte: each byte is an event, and every line stays unfinished. */
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { Actor, Stage } from './stage.js';

const closing = closeAfterEach();

const LINES = `
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    function client:onReception(data)
      local line = data:match('^(.-)\\n')
      if not line then return #data end
      self:send(line:upper() .. '\\n')
      return #data - #line - 1
    end
  end
  assert(server:start(PORT))
`;

test('a thousand connections that send a byte now and then do not disturb a neighbour', async () => {
  const stage = closing(await Stage.open(LINES));
  const load = closing(new Actor('slow.js'));
  const { port } = stage;
  // A byte in 200 ms each, as much as five thousand that send one a second.
  const line = 'and one of them is served like anybody else';
  const [sent, answer] = await stage.endure(load, () =>
    Promise.all([
      load.ask<number>('dribble', { port, count: 1000, period: 200, bytes: 15 }),
      load.ask<string>('line', { port, line: `${line}\n` }),
    ]),
  );
  expect(sent).toBe(15_000);
  expect(answer).toBe(`${line.toUpperCase()}\n`);
  expect(stage.log()).toEqual([]);
});

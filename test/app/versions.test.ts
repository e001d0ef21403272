/** The Lua machine of a version that is over is given back, whatever it was that ended it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Census } from '../support/census.js';
import { startServer, type TestServer } from '../support/server.js';

let census: Census;
let running: TestServer | undefined;

beforeEach(() => {
  census = new Census();
});

afterEach(async () => {
  census.stop();
  await running?.stop();
  running = undefined;
});

async function start(main: string): Promise<TestServer> {
  running = await startServer({ 'a/main.lua': main }, '[reload]\nenabled=false\n');
  return running;
}

async function reload(main: string): Promise<void> {
  running?.write('a/main.lua', main);
  await running?.server.refresh();
}

test('after a start that failed no machine is left', async () => {
  await start('error("no")');
  expect(await census.remaining()).toEqual([]);
});

test('after a reload, a refused one and a roll-back there is one machine', async () => {
  await start('n = 1');
  await reload('n = 2');
  expect(await census.remaining(1)).toEqual(['/a']);
  await reload('n = = 3');
  expect(await census.remaining(1)).toEqual(['/a']);
  await reload('error("no")');
  expect(await census.remaining(1)).toEqual(['/a']);
});

test('after an application was removed no machine is left', async () => {
  const { remove, server } = await start('n = 1');
  remove('a/main.lua');
  await server.refresh();
  expect(await census.remaining()).toEqual([]);
});

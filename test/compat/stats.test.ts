import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort, type TestServer } from '../support/server.js';
import { startOld } from './old-application.js';

let server: TestServer;
let socket: Socket;
let port: number;

beforeEach(async () => {
  port = await freePort();
  server = await startOld('stats', `[stats]\naddress=127.0.0.1:${port}\nkeep=2\n`);
  socket = createSocket('udp4');
});

afterEach(async () => {
  socket.close();
  await server.stop();
});

function tell(text: string): void {
  socket.send(text, port, '127.0.0.1');
}

async function ask(text: string): Promise<string> {
  const answer = once(socket, 'message') as Promise<[Buffer]>;
  tell(text);
  return (await answer)[0].toString();
}

const data = () => join(server.folder, 'www/stats/data');

test('counters and gauges are collected, several a datagram, and asked for', async () => {
  tell('hits:1|c');
  tell('hits:2.5|c\nload:0.5|g\r\n load:0.25|g \n');
  expect(await ask('?hits')).toBe('hits 2 3.50 1.75');
  expect(await ask('?load')).toBe('load 2 0.25 0.12');
  expect(await ask('?nothing')).toBe('nothing 0 0.00 0.00');
});

test('a bad line is a WARN, the others of its datagram count', async () => {
  tell('hits:one|c\nhits:1|x\nhits:1|c');
  expect(await ask('?hits')).toBe('hits 1 1.00 1.00');
  expect(server.log.texts('warn')).toEqual(["stats: bad line 'hits:one|c'", "stats: bad line 'hits:1|x'"]);
});

test('values are appended to the file of the day', async () => {
  const today = join(data(), `${new Date().toISOString().slice(0, 10)}.csv`);
  tell('hits:3|c\nload:0.5|g');
  expect(await ask('!flush')).toBe(`${today} 3`);
  tell('hits:1|c');
  expect(await ask('!flush')).toBe(`${today} 4`);
  expect(readFileSync(today, 'utf8').replace(/\d\d:\d\d:\d\d/g, 'T')).toBe(
    'time,name,count,total\nT,hits,1,3.0\nT,load,1,0.5\nT,hits,1,1.0\n',
  );
});

test('only the newest files are kept, and the index says which', async () => {
  for (const day of ['2012 2 29', '2012 12 31', '2012 2 30']) {
    tell('hits:1|c');
    expect(await ask(`!day ${day}`)).toMatch(/\.csv [1-7] \d+$/);
  }
  const kept = ['2012-03-01.csv', '2012-12-31.csv'];
  expect(
    readdirSync(data())
      .filter((name) => name.endsWith('.csv'))
      .sort(),
  ).toEqual(kept);
  expect(readFileSync(join(data(), 'index'), 'utf8').trim().split('\n').sort()).toEqual(
    kept.map((name) => join(data(), name)),
  );
  expect(existsSync(join(data(), 'index.new'))).toBe(false);
  expect(server.log.texts('error')).toEqual([]);
});

test('the day of the week and of the year are right, in leap years, too', async () => {
  expect(await ask('!day 2012 2 29')).toMatch(/2012-02-29\.csv 4 60$/);
  expect(await ask('!day 2012 12 31')).toMatch(/2012-12-31\.csv 2 366$/);
});

test('what was not flushed is written when the application stops', async () => {
  tell('last:7|c');
  expect(await ask('?last')).toBe('last 1 7.00 7.00');
  const folder = data();
  server.remove('stats/main.lua');
  await server.log.waitFor('application /stats stopped');
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.csv'));
  expect(readFileSync(join(folder, file), 'utf8')).toMatch(/,last,1,7\.0\n$/);
});

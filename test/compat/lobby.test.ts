import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort, LUA_VERSION, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { startOld } from './old-application.js';

let server: TestServer;
let port: number;
const players: Player[] = [];

beforeEach(async () => {
  port = await freePort();
  server = await startOld('lobby', `[lobby]\nport=${port}\nmaxPlayers=2\n`);
});

afterEach(async () => {
  for (const { peer } of players.splice(0)) peer.close();
  await server.stop();
});

interface Player {
  readonly peer: Peer;
  /** Sends a command, and gives the next line. */
  ask(command: string): Promise<string>;
  hears(): Promise<string>;
}

async function player(name?: string): Promise<Player> {
  const peer = await Peer.connect(port);
  const hears = async () => (await peer.readUntil('\r\n')).slice(0, -2);
  const ask = (command: string) => {
    peer.send(`${command}\r\n`);
    return hears();
  };
  const one = { peer, ask, hears };
  players.push(one);
  await hears();
  if (name !== undefined) expect(await ask(`NAME ${name}`)).toBe(`OK ${name}`);
  return one;
}

test('players name themselves, meet in rooms and talk', async () => {
  const [ann, bob] = [await player('ann'), await player('bob')];
  expect(await bob.ask('NAME ann')).toBe('ERR name is taken');
  expect(await bob.ask('NAME a b')).toBe('ERR bad name');
  expect(await ann.ask('join Red')).toBe('OK Red 1');
  expect(await bob.ask('  JOIN   red  ')).toBe('OK Red 2');
  expect(await ann.hears()).toBe('JOINED bob');
  ann.peer.send('SAY hello, everybody\n');
  expect(await bob.hears()).toBe('SAID ann hello, everybody');
  expect(await ann.ask('ROOMS')).toBe('ROOMS red(2)');
  const cem = await player('cem');
  expect(await cem.ask('JOIN red')).toBe('ERR room is full');
  expect(await bob.ask('QUIT')).toBe('BYE');
  await bob.peer.readAll();
  expect(await ann.hears()).toBe('LEFT bob');
  await server.log.waitFor('lobby: bob is gone');
  expect(server.log.texts('error')).toEqual([]);
});

test('the game is played, and its average is printed as the version of Lua prints numbers', async () => {
  const [ann, bob] = [await player('ann'), await player('bob')];
  await ann.ask('JOIN red');
  await bob.ask('JOIN red');
  await ann.hears();
  ann.peer.send('READY\r\n');
  expect(await bob.ask('READY')).toBe('GO');
  expect(await ann.hears()).toBe('GO');
  ann.peer.send('GUESS 40\r\n');
  const average = LUA_VERSION === '5.1' ? '50' : '50.0';
  expect(await bob.ask('GUESS 60')).toBe(`AVERAGE ${average}`);
  expect(await bob.hears()).toBe('WINNER ann 50.00');
  expect(await ann.hears()).toBe(`AVERAGE ${average}`);
  expect(await ann.hears()).toBe('WINNER ann 50.00');
  expect(await bob.ask('SCORES')).toBe('SCORES 1.ann=90');
});

test('commands arrive in pieces and several at once', async () => {
  const ann = await player();
  ann.peer.send('RO');
  ann.peer.send('OMS\r\nNAME an');
  expect(await ann.hears()).toBe('ERR give your NAME first');
  ann.peer.send('n\nJOIN blue\nFLY\n\nRO');
  expect(await ann.hears()).toBe('OK ann');
  expect(await ann.hears()).toBe('OK blue 1');
  expect(await ann.hears()).toBe('ERR unknown command FLY');
  expect(await ann.ask('OMS')).toBe('ROOMS blue(1)');
});

test('an error in a command is logged with its position, and the player stays', async () => {
  const ann = await player('ann');
  expect(await ann.ask('GUESS 1')).toBe('ERR not now');
  await ann.ask('JOIN red');
  // Ready, and then in no room.
  ann.peer.send('READY\r\nLEAVE\r\n');
  expect(await ann.hears()).toBe('OK');
  ann.peer.send('READY\r\n');
  expect(await ann.hears()).toBe('ERR join a room first');
  expect(server.log.texts('error')).toEqual([]);
});

test('players hear of the end', async () => {
  const ann = await player('ann');
  server.remove('lobby/main.lua');
  expect(await ann.hears()).toBe('BYE');
  await ann.peer.readAll();
});

/** Mails that are not taken: each reported once, in order, without holding up the loop, other senders or a stop. */
import { expect, test } from 'vitest';
import { Mailer } from '../../src/mail/mailer.js';
import { Refusals } from '../../src/mail/refusals.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

const BAD = { sender: 'nonsense', subject: '', content: '', recipients: [] };
const NOWHERE = { host: '127.0.0.1', port: 9, timeout: 60 } as never;

test('a sender hears of one in each turn of the loop, and of all in order', async () => {
  const refusals = new Refusals();
  const told: number[] = [];
  for (let i = 0; i < 5000; i++) refusals.add(told, () => told.push(i));
  expect(told).toEqual([]);
  await turn();
  expect(told.length).toBeLessThanOrEqual(2);
  await refusals.told(30_000);
  expect(told).toEqual([...told.keys()]);
  expect(told.length).toBe(5000);
});

test('a sender who answers each with two more keeps nobody else waiting', async () => {
  const refusals = new Refusals();
  const endless = {};
  let stopped = false;
  const again = () => {
    if (stopped) return;
    for (let i = 0; i < 2; i++) refusals.add(endless, again);
  };
  again();
  for (let i = 0; i < 100; i++) await turn();
  let told = 0;
  refusals.add({}, () => told++);
  await turn();
  await turn();
  expect(told).toBe(1);
  stopped = true;
});

test('what was refused before the mailer closes is told before that is over', async () => {
  const mailer = new Mailer(NOWHERE);
  const told: (string | undefined)[] = [];
  for (let i = 0; i < 5; i++) mailer.send(BAD as never, (error) => told.push(error));
  await mailer.close(10_000);
  expect(told.length).toBe(5);
});

test('a sender who never ends does not hold the closing up', async () => {
  const mailer = new Mailer(NOWHERE);
  let told = 0;
  const again = () => {
    if (++told < 100_000) mailer.send(BAD as never, again);
  };
  again();
  await mailer.close(10_000);
  expect(told).toBeLessThan(1000);
  told = 100_000;
});

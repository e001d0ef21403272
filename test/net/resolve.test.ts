/** What the system is asked for, and how often. Its own look-up is replaced: names that are not found take it seconds. */
import dns from 'node:dns';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Resolver } from '../../src/net/resolve.js';

let asked: string[];
let resolver: Resolver;

/** Answers later, as the system does: what ends in "host" is found. */
function answer(
  host: string,
  _options: object,
  callback: (error: Error | null, address: string) => void,
): void {
  asked.push(host);
  const error = host.endsWith('host') ? null : Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
  setImmediate(() => callback(error, error ? '' : '127.0.0.1'));
}

beforeEach(() => {
  asked = [];
  resolver = new Resolver();
  vi.spyOn(dns, 'lookup').mockImplementation(answer as unknown as typeof dns.lookup);
});

afterEach(() => void vi.restoreAllMocks());

interface Answer {
  readonly host: string;
  readonly code: string | undefined;
  readonly address: string;
}

function lookUp(host: string): Promise<Answer> {
  return new Promise((resolve) => {
    resolver.lookup(host, 4, (error, address) =>
      resolve({ host, code: error?.code ?? error?.message, address }),
    );
  });
}

test('an address is its own answer, at once', () => {
  const callback = vi.fn();
  resolver.lookup('192.0.2.1', 4, callback);
  expect(callback).toHaveBeenCalledWith(null, '192.0.2.1', 4);
  expect(asked).toEqual([]);
});

test('who asks for the same name meanwhile shares the answer, which is remembered', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, () => lookUp('localhost')));
  expect(new Set(answers.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));
  expect((await lookUp('localhost')).address).toBe('127.0.0.1');
  expect(asked).toEqual(['localhost']);
});

test('a name that is not found is not asked for again at once', async () => {
  const [first] = await Promise.all(Array.from({ length: 100 }, () => lookUp('nobody.invalid')));
  const again = await lookUp('nobody.invalid');
  expect(again).toEqual(first);
  expect(again.code).toBe('ENOTFOUND');
  expect(asked).toEqual(['nobody.invalid']);
});

test('a name that gets no answer holds up others for five seconds, and no more', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.mocked(dns.lookup).mockImplementationOnce((() =>
    asked.push('slow.host')) as unknown as typeof dns.lookup);
  const answers = [lookUp('slow.host'), lookUp('fast.host'), lookUp('last.host')];
  expect(asked).toEqual(['slow.host']);
  vi.advanceTimersByTime(5000);
  vi.useRealTimers();
  expect((await Promise.all(answers)).map(({ code, address }) => code ?? address)).toEqual([
    'EAI_AGAIN',
    '127.0.0.1',
    '127.0.0.1',
  ]);
});

test('a look-up that takes long is not begun again, and its answer counts when it comes', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let late: (error: null, address: string) => void = () => {};
  vi.mocked(dns.lookup).mockImplementationOnce(((host: string, _: object, callback: typeof late) => {
    asked.push(host);
    late = callback;
  }) as unknown as typeof dns.lookup);
  const first = lookUp('slow.host');
  vi.advanceTimersByTime(5000);
  expect((await first).code).toBe('EAI_AGAIN');
  expect((await lookUp('slow.host')).code).toBe('EAI_AGAIN');
  expect((await lookUp('one.host')).address).toBe('127.0.0.1');
  expect((await lookUp('two.host')).address).toBe('127.0.0.1');
  late(null, '127.0.0.2');
  expect((await lookUp('slow.host')).address).toBe('127.0.0.2');
  expect((await lookUp('last.host')).address).toBe('127.0.0.1');
  expect(asked).toEqual(['slow.host', 'one.host', 'two.host', 'last.host']);
  vi.useRealTimers();
});

test('names are looked up one at a time, in order, and a flood of them is refused', async () => {
  const names = Array.from({ length: 300 }, (_, i) => `nobody${i}.invalid`);
  const answers = names.map((name) => lookUp(name));
  expect(asked).toEqual(['nobody0.invalid']);
  const refused = await Promise.all(answers.slice(257));
  expect(refused[0]?.code).toBe('too many names are being looked up: nobody257.invalid is not');
  await answers[1];
  expect(asked.slice(0, 2)).toEqual(['nobody0.invalid', 'nobody1.invalid']);
  expect((await Promise.all(answers)).slice(0, 257).every(({ code }) => code !== undefined)).toBe(true);
});

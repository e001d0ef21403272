/** The soak's own judgement, on figures that are made up: it fails for each thing that must not be. */
import { describe, expect, it } from 'vitest';
import { checksOf } from './checks.js';
import { Ledger } from './harness/ledger.js';
import { growthOf } from './harness/levels.js';
import { Log } from './harness/log.js';
import { randomOf } from './harness/random.js';
import { parseOptions } from './options.js';
import { textOf } from './report.js';
import type { ActivityFigures, Level, LoadFigures } from './types.js';

const MIB = 1_048_576;
const level: Level = {
  descriptors: { socket: 9 },
  resources: { Timeout: 3 },
  objects: { LuaVm: 2 },
  slots: 80,
  heap: 10 * MIB,
  external: 100 * MIB,
  arrayBuffers: MIB,
  rss: 150 * MIB,
  lua: { echo: 85 },
};

function figures(counts: Record<string, number>): ActivityFigures {
  return { counts, latency: { p50: 1000, p99: 2000, max: 3000 } };
}

const load: LoadFigures = {
  activities: {
    echo: figures({ messages: 1 }),
    chat: figures({ 'lines heard': 1 }),
    udp: figures({ datagrams: 1 }),
    counter: figures({ answers: 1 }),
    lines: figures({ answers: 1 }),
    mail: figures({ confirmed: 1 }),
    loops: figures({ ended: 1 }),
    bombs: figures({ ended: 1 }),
    orphans: figures({ 'TCP sockets': 1 }),
  },
  failures: [],
  failed: 0,
};

const fine = {
  load,
  levels: [{ daemon: 'main', before: level, after: level }],
  exits: [0],
  edits: [],
  mails: [],
  log: new Log(),
  machines: { main: 2 },
  shortened: false,
};

function failuresOf(change: Partial<Parameters<typeof checksOf>[0]>): string[] {
  return checksOf({ ...fine, ...change }).flatMap(({ ok, detail }) => (ok ? [] : [detail]));
}

function udp(counts: Record<string, number>): LoadFigures {
  return { ...load, activities: { ...load.activities, udp: figures({ datagrams: 9, ...counts }) } };
}

describe('the verdict', () => {
  it('is good when nothing is wrong', () => {
    expect(failuresOf({})).toEqual([]);
  });

  it('names what the load has met, what an edit has not done, what a mail has become, and a bad end', () => {
    expect(failuresOf({ load: { ...load, failures: ['echo: lost'], failed: 7 } })).toEqual([
      'echo: lost\n7 in all',
    ]);
    expect(failuresOf({ edits: ['an edit: none'] })).toEqual(['an edit: none']);
    expect(failuresOf({ mails: ['mail m1 is lost'] })).toEqual(['mail m1 is lost']);
    expect(failuresOf({ exits: [0, 'SIGABRT'] })).toEqual(['exit SIGABRT']);
  });

  it('takes a datagram for lost that neither came late nor was dropped by the kernel', () => {
    expect(failuresOf({ load: udp({ lost: 2, late: 1 }) })).toEqual([
      '1 lost, of which the kernel has dropped 0',
    ]);
    expect(failuresOf({ load: udp({ lost: 2, late: 1, 'dropped by the kernel': 1 }) })).toEqual([]);
  });

  it('wants every kind of load to have worked, unless it was ended early', () => {
    const idle = { ...load, activities: { ...load.activities, bombs: figures({}) } };
    expect(failuresOf({ load: idle })).toEqual(['bombs']);
    expect(failuresOf({ load: idle, shortened: true })).toEqual([]);
  });

  it('allows a bomb now and then to be ended before it has begun, but not many', () => {
    const bombs = (early: number) => figures({ ended: 20, 'ended before they began': early });
    const met = (early: number) => ({ ...load, activities: { ...load.activities, bombs: bombs(early) } });
    expect(failuresOf({ load: met(3) })).toEqual([]);
    expect(failuresOf({ load: met(4) })).toEqual(['bombs: 4 of 20 before they had begun']);
  });

  it('knows how many Lua machines there should be', () => {
    expect(failuresOf({ machines: { main: 1 } })).toEqual(['main: 2, not 1']);
  });
});

describe('the comparison of two levels', () => {
  it.each<[string, Partial<Level>]>([
    ['file descriptors: socket 9 → 10', { descriptors: { socket: 10 } }],
    ['handles: Timeout 3 → 4', { resources: { Timeout: 4 } }],
    ['objects: TcpClient 0 → 1', { objects: { LuaVm: 2, TcpClient: 1 } }],
    ['registry slots: all 80 → 81', { slots: 81 }],
    ['memory: heap', { heap: 14 * MIB }],
    ['memory: arrayBuffers', { arrayBuffers: 3 * MIB }],
    ['memory: external', { external: 150 * MIB }],
    ['memory: rss', { rss: 250 * MIB }],
    ['Lua memory, KiB: echo 85 → 150', { lua: { echo: 150 } }],
  ])('finds growth: %s', (what, change) => {
    expect(growthOf(level, { ...level, ...change })).toEqual([expect.stringContaining(what)]);
  });

  it('finds none in what has shrunk, or grown within its bound', () => {
    const after = { ...level, descriptors: {}, slots: 79, heap: 11 * MIB, rss: 200 * MIB, lua: { echo: 90 } };
    expect(growthOf(level, after)).toEqual([]);
  });
});

describe('the ledger of mails', () => {
  const DOUBT = 'failed: connection closed; it may have arrived all the same';

  function errorsOf(outcomes: readonly string[], taken: number): string[] {
    const ledger = new Ledger();
    for (const what of ['asked', ...outcomes]) ledger.read(`mail m1 ${what}`);
    for (let i = 0; i < taken; i++) ledger.taken('m1');
    return ledger.errors();
  }

  it.each<[string[], number]>([
    [['sent'], 1],
    [['failed: refused'], 0],
    [[DOUBT], 0],
    [[DOUBT], 1],
    [['failed: <a> 550; sent to the others'], 1],
  ])('has nothing against %s, taken %d times', (outcomes, taken) => {
    expect(errorsOf(outcomes, taken)).toEqual([]);
  });

  it.each<[string[], number]>([
    [[], 0],
    [['sent'], 0],
    [['sent'], 2],
    [['sent', 'sent'], 1],
    [['failed: refused'], 1],
    [[DOUBT], 2],
  ])('objects to %s, taken %d times', (outcomes, taken) => {
    expect(errorsOf(outcomes, taken)).toEqual([expect.stringMatching(/^mail m1 was/)]);
  });

  it('objects to a mail that nobody has asked for', () => {
    const ledger = new Ledger();
    ledger.taken('m1');
    expect(ledger.errors()).toEqual(['mail m1 was asked for 0 times']);
  });
});

describe('the reader of the log', () => {
  it('keeps trouble that was not provoked, and counts what was', () => {
    const log = new Log();
    log.read('INFO  application /echo started');
    log.read('ERROR application /broken not reloaded (broken/main.lua), generation 2 goes on: …');
    log.read('ERROR application /echo, onReception: www/echo/main.lua:5: boom');
    expect(log.provoked).toBe(1);
    expect(log.unexpected).toEqual([expect.stringContaining('boom')]);
  });
});

describe('the command line', () => {
  it('takes minutes, of which there may be fractions', () => {
    expect(parseOptions([])).toMatchObject({ minutes: 10, lua: '5.4', json: false });
    expect(parseOptions(['0.5', '--seed', '7', '--lua', '5.1'])).toMatchObject({
      minutes: 0.5,
      seed: 7,
      lua: '5.1',
    });
  });

  it.each([['0'], ['x'], ['1', '2'], ['--seed', '-1'], ['--lua', '5.2'], ['--hours']])(
    'refuses %s',
    (...argv) => {
      expect(() => parseOptions(argv)).toThrow(TypeError);
    },
  );
});

describe('the report', () => {
  const report = {
    seconds: 60,
    seed: 1,
    lua: '5.4',
    load,
    counts: { reloads: 3 },
    levels: fine.levels,
    trouble: ['ERROR x'],
  };

  it('ends in the verdict, with exactly what has failed', () => {
    expect(textOf({ ...report, checks: checksOf(fine) })).toMatch(/^reloads: 3$[\s\S]*\nPASSED$/m);
    const text = textOf({ ...report, checks: checksOf({ ...fine, edits: ['an edit: none'] }) });
    expect(text).toMatch(
      /^FAILED each edit took effect$[\s\S]*\n {2}an edit: none\n[\s\S]* {2}ERROR x\nFAILED: each edit took effect$/m,
    );
  });

  it('says when there are no levels', () => {
    expect(textOf({ ...report, levels: [], checks: [] })).toContain('ended before it was warm');
  });
});

describe('random numbers', () => {
  it('come again with the same seed', () => {
    const [a, b, c] = [randomOf(1), randomOf(1), randomOf(2)];
    expect([a(), a()]).toEqual([b(), b()]);
    expect(a()).not.toBe(c());
  });
});

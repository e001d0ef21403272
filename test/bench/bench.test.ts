/** The benchmark's own judgement, and its processes, without the server that it is for. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { chartOf } from './chart.js';
import { Generator } from './harness/generator.js';
import { readRatios, worsening, writeRatios } from './harness/ratios.js';
import { roundsOf, summaryOf } from './harness/rounds.js';
import { startBare } from './harness/servers.js';
import { tableOf } from './harness/table.js';
import { chosenRows, parseOptions } from './options.js';
import { rows } from './rows/index.js';
import type { Environment, Result, Round, Target } from './types.js';

const RUN = fileURLToPath(new URL('run.js', import.meta.url));
const exec = promisify(execFile);
const environment: Environment = {
  date: '2013-01-31',
  cpu: 'A <fast> one',
  cores: 2,
  node: '20.19.0',
  commit: 'abc1234',
  lua: '5.4',
};

function round(ours: number, bare: number): Round {
  return { ours: { figure: ours, p50: ours * 2 }, bare: { figure: bare, p50: bare * 2 }, ratio: ours / bare };
}

function result(ratio: number | undefined, target: Target, met = true): Result {
  const about = {
    name: 'echo',
    work: 'TCP echo',
    measure: 'CPU',
    unit: 'µs',
    reference: 'bare',
    pinned: false,
    disturbance: 0,
  };
  return { ...about, target, rounds: [], ours: { figure: 9 }, met, ...(ratio !== undefined && { ratio }) };
}

const atMost: Target = { of: 'ratio', atMost: 1.1 };
const atLeast: Target = { of: 'ratio', atLeast: 1.5 };
const figure: Target = { of: 'figure', atMost: 60 };

describe('the summary of a row', () => {
  it('is the medians of the figures, and the median of the ratios of each round', () => {
    const summary = summaryOf([round(10, 10), round(30, 20), round(12, 10)], atMost);
    expect(summary.ours.figure).toBe(12);
    expect(summary.ours.p50).toBe(24);
    expect(summary.bare?.figure).toBe(10);
    expect(summary.ratio).toBeCloseTo(1.2);
    expect(summary.met).toBe(false);
  });

  it('meets a target at its limit', () => {
    expect(summaryOf([round(11, 10)], atMost).met).toBe(true);
    expect(summaryOf([round(15, 10)], atLeast).met).toBe(true);
    expect(summaryOf([round(14.9, 10)], atLeast).met).toBe(false);
  });

  it('judges the figure itself where the target is one', () => {
    expect(summaryOf([{ ours: { figure: 60 } }], figure).met).toBe(true);
    expect(summaryOf([{ ours: { figure: 61 } }], figure).met).toBe(false);
  });
});

describe('--check', () => {
  it('takes a ratio up to 15 % worse for noise', () => {
    expect(worsening(result(1.14, atMost), 1)).toBeUndefined();
    expect(worsening(result(1.16, atMost), 1)).toBe('echo: ratio 1.160, recorded 1: more than 15 % worse');
    expect(worsening(result(0.5, atMost), 1)).toBeUndefined();
    expect(worsening({ ...result(1.16, atMost), disturbance: 0.5 }, 1)).toContain(
      'others used 50 % of a core',
    );
  });

  it('knows rows where more is better', () => {
    expect(worsening(result(1.7, atLeast), 1.9)).toBeUndefined();
    expect(worsening(result(1.6, atLeast), 1.9)).toContain('15 % worse');
  });

  it('holds a row without a ratio to its target, if it was met before', () => {
    expect(worsening(result(undefined, figure, false), 'met')).toContain('target was met');
    expect(worsening(result(undefined, figure, true), 'met')).toBeUndefined();
    expect(worsening(result(undefined, figure, false), 'not met')).toBeUndefined();
  });

  it('passes over what is not recorded, and what was skipped', () => {
    expect(worsening(result(9, atMost), undefined)).toBeUndefined();
    expect(worsening({ ...result(undefined, atMost), skipped: 'not there' }, 1)).toBeUndefined();
  });
});

describe('the recorded ratios', () => {
  let folder = '';
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are rewritten for the rows that were run, of this engine, and kept for the others', () => {
    folder = mkdtempSync(join(tmpdir(), 'cumulus-test-'));
    const file = pathToFileURL(join(folder, 'ratios.json'));
    writeFileSync(file, '{ "5.4": { "echo": 3, "other": 2 }, "5.1": { "echo": 4 } }');
    const start = { ...result(undefined, figure), name: 'start' };
    writeRatios({ environment, results: [result(1.0456, atMost), start] }, file);
    expect(readRatios(file)).toEqual({ '5.4': { echo: 1.046, other: 2, start: 'met' }, '5.1': { echo: 4 } });
    expect(readFileSync(file, 'utf8').endsWith('}\n')).toBe(true);
  });

  it('in the repository are of rows that there are', () => {
    const names = rows.map(({ name }) => name);
    for (const recorded of Object.values(readRatios()))
      expect(names).toEqual(expect.arrayContaining(Object.keys(recorded)));
  });
});

describe('the command line', () => {
  it('refuses unknown rows and bad values with exit code 78, naming what is allowed', async () => {
    await expect(exec(process.execPath, [RUN, 'ecko'])).rejects.toMatchObject({
      code: 78,
      stderr: expect.stringContaining('no row "ecko": must be one of echo-64'),
    });
    expect(() => parseOptions(['--rounds', '0'])).toThrow('must be an integer from 1 to 100');
    expect(() => parseOptions(['--patience', 'x'])).toThrow('must be an integer from 0 to 600');
    expect(() => parseOptions(['--lua', '5.2'])).toThrow('must be 5.4 or 5.1');
  });

  it('waits for a quiet moment when it checks', () => {
    expect(parseOptions([])).toMatchObject({ patience: 0, lua: '5.4' });
    expect(parseOptions(['--check']).patience).toBe(20);
    expect(parseOptions(['--check', '--patience', '3']).patience).toBe(3);
  });

  it('measures a row as often as it needs, or as it is told', () => {
    const both = chosenRows(['lines', 'echo-64k'], rows);
    const times = (...argv: string[]) => both.map((row) => roundsOf(row, parseOptions(argv)));
    expect(times()).toEqual([15, 5]);
    expect(times('--quick')).toEqual([5, 5]);
    expect(times('--rounds', '2')).toEqual([2, 2]);
  });

  it('leaves it to the machine which core a process runs on, unless told', () => {
    expect(parseOptions([])).not.toHaveProperty('pin');
    expect(parseOptions(['--pin']).pin).toBe(true);
    expect(parseOptions(['--no-pin']).pin).toBe(false);
  });

  it('takes the beginning of a name, but a whole name for that row alone', () => {
    const chosen = (...names: string[]) => chosenRows(names, rows).map(({ name }) => name);
    expect(chosen('echo')).toEqual(['echo-64', 'echo-1k', 'echo-64k']);
    expect(chosen('start')).toEqual(['start']);
    expect(chosen()).toHaveLength(rows.length);
  });
});

describe('the report', () => {
  it('is a table with every row, and says why one was skipped', () => {
    const skipped: Result = { ...result(undefined, atMost), name: 'calls', skipped: 'nobody to call' };
    const table = tableOf({ environment, results: [result(1.234, atMost, false), skipped] });
    expect(table).toMatch(/^echo +9 µs +1\.23 .*≤ 1\.1 +NO$/m);
    expect(table).toMatch(/^calls .*– nobody to call$/m);
  });

  it('is a chart of the rows that have a ratio', () => {
    const luv = { ...result(0.5, atMost), peer: { figure: 2 }, bare: { figure: 4 } };
    const svg = chartOf({ environment, results: [luv, result(undefined, figure)] });
    expect(svg).toContain('A &lt;fast&gt; one');
    expect(svg).toContain('>2.00<');
    expect(svg.match(/TCP echo/g)).toHaveLength(1);
    expect(svg).not.toContain('rough');
    expect(chartOf({ environment, results: [{ ...luv, disturbance: 1 }] })).toContain('rough');
  });
});

describe('a measurement', () => {
  const context = { lua: '5.4', quick: true, pin: false } as const;

  it.each([
    ['echo.js', 'tcp-echo.js', { connections: 2, size: 64 }],
    ['echo.js', 'connect.js', { parallel: 2, size: 64 }],
    ['echo.js', 'connect.js', { perSecond: 100, size: 64 }],
    ['echo.js', 'idle.js', { connections: 100 }],
    ['broadcast.js', 'broadcast.js', { receivers: 100, size: 100 }],
    ['lines.js', 'tcp-echo.js', { connections: 1, size: 8, text: 'abc\n', count: 2 }],
    ['concat.js', 'tcp-echo.js', { connections: 1, size: 1_048_576, segments: 64, answer: 1 }],
  ])(
    'of bare/%s with load/%s counts messages and the CPU time of the server',
    async (bare, load, options) => {
      const server = await startBare(bare, { context });
      const generator = new Generator(load, false);
      try {
        const before = await server.cpu();
        await generator.open('bare', { ...options, port: server.port });
        const { messages, failures } = await generator.run('bare', 100);
        expect(messages).toBeGreaterThan(0);
        expect(failures).toEqual({});
        expect(await server.cpu()).toBeGreaterThan(before);
        expect(await server.memory()).toBeGreaterThan(1_048_576);
      } finally {
        generator.close();
        await server.stop();
      }
    },
  );

  it('of a UDP echo counts datagrams', async () => {
    const server = await startBare('udp-echo.js', { context, protocol: 'udp' });
    const generator = new Generator('udp-echo.js', false);
    try {
      await generator.open('bare', { port: server.port, sockets: 2, size: 64 });
      expect((await generator.run('bare', 100)).messages).toBeGreaterThan(0);
    } finally {
      generator.close();
      await server.stop();
    }
  });

  it('counts connections that are refused', async () => {
    const server = await startBare('echo.js', { context });
    await server.stop();
    const generator = new Generator('connect.js', false);
    try {
      await generator.open('gone', { port: server.port, perSecond: 100, size: 64 });
      const { messages, failures } = await generator.run('gone', 50);
      expect(messages).toBe(0);
      expect(failures['ECONNREFUSED']).toBeGreaterThan(0);
    } finally {
      generator.close();
    }
  });

  it('works without /proc, by asking the server', async () => {
    const servers = new URL('harness/servers.js', import.meta.url).href;
    const script = `
      const { startBare } = await import('${servers}');
      const server = await startBare('echo.js', { context: { lua: '5.4', quick: true, pin: false } });
      console.log(JSON.stringify({ cpu: await server.cpu(), memory: await server.memory() }));
      await server.stop();`;
    const { stdout } = await exec(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, CUMULUS_BENCH_IPC: '1' },
    });
    const { cpu, memory } = JSON.parse(stdout) as { cpu: number; memory: number };
    expect(cpu).toBeGreaterThan(1000);
    expect(memory).toBeGreaterThan(1_048_576);
  });

  it('reports a server that ends by itself, with what it has printed', async () => {
    await expect(startBare('missing.js', { context })).rejects.toThrow(/has ended:[\s\S]*Cannot find module/);
  });
});

// @ts-check
/**
 * Rows with a load: the same work for ours and for the bare server.
 */
import { pairRound } from '../harness/pair.js';
import { appSource } from '../harness/servers.js';

/**
 * @param {Omit<import('../types.js').Row, 'round' | 'measure' | 'unit'> & { measure?: string, unit?: string }} row
 * @param {Omit<import('../harness/pair.js').PairOptions, 'files' | 'figure'> & { app: string } &
 *   Partial<import('../harness/pair.js').PairOptions>} options
 * @returns {import('../types.js').Row}
 */
function loadRow(row, { app, ...options }) {
  return {
    measure: 'CPU per message',
    unit: 'µs',
    ...row,
    round: (context) =>
      pairRound({ figure: 'cpu', files: { 'main.lua': appSource(app) }, ...options }, context),
  };
}

const LINE = 'GET /some/resource/of/32/bytes.\n';
const LINES = 16;

/** @type {import('../types.js').Row[]} */
export const loadRows = [
  loadRow(
    { name: 'echo-64', work: 'TCP echo, 50 connections, 64 B', target: { of: 'ratio', atMost: 1.1 } },
    { app: 'echo', bare: 'echo.js', load: 'tcp-echo.js', luv: true, options: { connections: 50, size: 64 } },
  ),
  loadRow(
    { name: 'echo-1k', work: 'TCP echo, 50 connections, 1 KiB', target: { of: 'ratio', atMost: 1.1 } },
    {
      app: 'echo',
      bare: 'echo.js',
      load: 'tcp-echo.js',
      luv: true,
      options: { connections: 50, size: 1024 },
    },
  ),
  loadRow(
    {
      name: 'echo-64k',
      work: 'TCP echo, 10 connections, 64 KiB',
      measure: 'messages per second',
      unit: '/s',
      target: { of: 'ratio', atLeast: 1.5 },
      // One start of the bare server costs twice as much as another, depending on where malloc puts its buffers.
      usualRounds: 15,
    },
    {
      app: 'echo',
      bare: 'echo.js',
      load: 'tcp-echo.js',
      luv: true,
      figure: 'throughput',
      options: { connections: 10, size: 65_536 },
    },
  ),
  loadRow(
    {
      name: 'lines',
      work: 'request lines, 16 in a segment, one send each',
      measure: 'CPU per line',
      target: { of: 'ratio', atMost: 0.7 },
    },
    {
      app: 'lines',
      bare: 'lines.js',
      load: 'tcp-echo.js',
      options: { connections: 50, size: LINES * LINE.length, text: LINE, count: LINES },
    },
  ),
  loadRow(
    {
      name: 'broadcast',
      work: 'one sender, 1,000 receivers, 100 B',
      measure: 'CPU per delivery',
      target: { of: 'ratio', atMost: 1.15 },
    },
    {
      app: 'broadcast',
      bare: 'broadcast.js',
      load: 'broadcast.js',
      options: { receivers: 1000, size: 100 },
    },
  ),
  loadRow(
    {
      name: 'connect',
      work: 'connect, one echo, close',
      measure: 'CPU per connection',
      target: { of: 'ratio', atMost: 1.25 },
    },
    { app: 'echo', bare: 'echo.js', load: 'connect.js', options: { parallel: 20, size: 64 } },
  ),
  loadRow(
    {
      name: 'udp',
      work: 'UDP echo, 64 B',
      measure: 'CPU per datagram',
      target: { of: 'ratio', atMost: 1.1 },
    },
    {
      app: 'udp-echo',
      bare: 'udp-echo.js',
      load: 'udp-echo.js',
      luv: true,
      protocol: 'udp',
      options: { sockets: 50, size: 64 },
    },
  ),
  loadRow(
    {
      name: 'segments',
      work: '1 MiB received in 64 writes, kept until complete',
      measure: 'time per message',
      target: { of: 'ratio', atMost: 3 },
    },
    {
      app: 'segments',
      bare: 'concat.js',
      load: 'tcp-echo.js',
      figure: 'time',
      options: { connections: 1, size: 1_048_576, segments: 64, answer: 1 },
    },
  ),
  loadRow(
    {
      name: 'work',
      work: 'CPU-bound Lua',
      measure: 'CPU per run',
      reference: 'wasmoon without limits',
      target: { of: 'ratio', atMost: 1.05 },
    },
    {
      app: 'work',
      files: { 'main.lua': `${appSource('work', 'work.lua')}\n${appSource('work')}` },
      bare: 'wasmoon.js',
      load: 'tcp-echo.js',
      options: { connections: 1, size: 1 },
    },
  ),
];

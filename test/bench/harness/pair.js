// @ts-check
/**
 * A round of a row that has a load: ours, the bare server and, where there is one, a peer run side by side, fresh
 * processes in each round, and the load goes to them in turn, in short slices. What disturbs the machine disturbs all
 * of them; the calmer half of the slices counts; the round's ratio is the median of those of neighbouring slices.
 *
 * CPU time is read before and after a slice, when nothing is under way: it is that of the counted messages, exactly.
 */
import { Generator } from './generator.js';
import { Look } from './quiet.js';
import { HAS_LUV, startBare, startLuv, startOurs } from './servers.js';
import { median } from './stats.js';

/**
 * @typedef {object} PairOptions
 * @property {Readonly<Record<string, string>>} files our application
 * @property {string} bare a file of bare/
 * @property {string} load a file of load/
 * @property {Readonly<Record<string, unknown>>} options of the load
 * @property {'cpu' | 'throughput' | 'time'} figure what is compared: CPU per message, messages per second, time per
 *   message
 * @property {boolean} [luv] measure the luv echo, too
 * @property {'tcp' | 'udp'} [protocol]
 */

/** Many short slices: what else runs on the machine meets both sides alike. */
const PACE = { slices: 16, ms: 120, warmUp: 500 };
/** For a profile the start of the process should weigh little. */
const PROFILE_PACE = { slices: 6, ms: 800, warmUp: 500 };
const QUICK_PACE = { slices: 4, ms: 100, warmUp: 300 };

/**
 * @param {PairOptions} options
 * @param {import('../types.js').Context} context
 * @returns {Promise<import('../types.js').Round>}
 */
export async function pairRound(options, context) {
  /** @type {Map<string, import('../types.js').Server>} */
  const servers = new Map();
  const generator = new Generator(options.load, context.pin);
  try {
    const base = { context, protocol: options.protocol ?? 'tcp' };
    servers.set('ours', await startOurs({ ...base, files: options.files }));
    servers.set('bare', await startBare(options.bare, base));
    if (options.luv && HAS_LUV) servers.set('peer', await startLuv(base));
    for (const [name, { port }] of servers) await generator.open(name, { ...options.options, port });
    return await measure(options, context, generator, servers);
  } finally {
    generator.close();
    await Promise.all([...servers.values()].map((server) => server.stop()));
  }
}

/**
 * @param {PairOptions} options
 * @param {import('../types.js').Context} context
 * @param {Generator} generator
 * @param {Map<string, import('../types.js').Server>} servers
 */
async function measure(options, context, generator, servers) {
  const { slices, ms, warmUp } = context.profile ? PROFILE_PACE : context.quick ? QUICK_PACE : PACE;
  for (const name of servers.keys()) await generator.run(name, warmUp);
  /** @type {Map<string, Slice[]>} */
  const measured = new Map([...servers.keys()].map((name) => [name, []]));
  for (let i = 0; i < slices; i++)
    for (const [name, server] of servers) measured.get(name)?.push(await slice(generator, name, server, ms));
  return roundOf(options, measured);
}

/**
 * @param {PairOptions} options
 * @param {Map<string, Slice[]>} measured
 * @returns {import('../types.js').Round}
 */
function roundOf(options, measured) {
  const [ours = [], bare = [], peer] = calm(['ours', 'bare', 'peer'].map((name) => measured.get(name)));
  const ratios = ours.map((one, i) => figureOf(options, [one]) / figureOf(options, bare.slice(i, i + 1)));
  return {
    ours: sideOf(options, ours),
    bare: sideOf(options, bare),
    ...(peer && { peer: sideOf(options, peer) }),
    generatorBusy: busyOf(bare, 'load'),
    disturbance: median([...ours, ...bare].map(({ others }) => others)),
    ratio: median(ratios),
  };
}

/**
 * The half of the slices in which others disturbed least; the same ones of each server.
 * @param {readonly (Slice[] | undefined)[]} servers
 */
function calm(servers) {
  const disturbance = (/** @type {number} */ i) =>
    Math.max(...servers.map((slices) => slices?.[i]?.others ?? 0));
  const all = [...(servers[0] ?? []).keys()];
  const best = new Set(
    all.toSorted((a, b) => disturbance(a) - disturbance(b)).slice(0, Math.ceil(all.length / 2)),
  );
  return servers.map((slices) => slices?.filter((_, i) => best.has(i)));
}

/**
 * @typedef {import('../types.js').Load & { server: number, load: number, others: number }} Slice CPU times of the two in
 *   microseconds, and the cores that others used
 */

/**
 * @param {Generator} generator
 * @param {string} name
 * @param {import('../types.js').Server} server
 * @param {number} ms
 * @returns {Promise<Slice>}
 */
async function slice(generator, name, server, ms) {
  const before = await server.cpu();
  const look = new Look();
  const load = await generator.run(name, ms);
  const used = (await server.cpu()) - before;
  return { ...load, server: used, load: load.cpu, others: look.others(used + load.cpu) };
}

/**
 * @param {PairOptions} options
 * @param {readonly Slice[]} slices
 * @returns {import('../types.js').Side}
 */
function sideOf(options, slices) {
  return {
    figure: figureOf(options, slices),
    throughput: figureOf({ figure: 'throughput' }, slices),
    p50: median(slices.map(({ p50 }) => p50)),
    p99: median(slices.map(({ p99 }) => p99)),
    busy: busyOf(slices, 'server'),
  };
}

/** @param {Pick<PairOptions, 'figure'>} options @param {readonly Slice[]} slices */
function figureOf({ figure }, slices) {
  const messages = total(slices, 'messages');
  const elapsed = total(slices, 'elapsed');
  if (figure === 'throughput') return (messages / elapsed) * 1000;
  return (figure === 'cpu' ? total(slices, 'server') : elapsed * 1000) / messages;
}

/** @param {readonly Slice[]} slices @param {'server' | 'load'} whose */
function busyOf(slices, whose) {
  return total(slices, whose) / 1000 / total(slices, 'elapsed');
}

/** @param {readonly Slice[]} slices @param {'messages' | 'elapsed' | 'server' | 'load'} field */
function total(slices, field) {
  return slices.reduce((sum, slice) => sum + slice[field], 0);
}

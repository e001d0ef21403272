// @ts-check
/**
 * Rows about resident memory: what an idle connection costs, and what must not stay when connections have gone.
 */
import { readFileSync } from 'node:fs';
import { Generator } from '../harness/generator.js';
import { appSource, startBare, startOurs } from '../harness/servers.js';

const KIB = 1024;
const MIB = 1_048_576;

/** Time for the server to come to rest before its memory is read, milliseconds. */
const REST_MS = 1000;

/** @type {import('../types.js').Row[]} */
export const memoryRows = [
  {
    name: 'idle',
    work: '10,000 idle connections',
    measure: 'memory per connection',
    unit: 'KiB',
    target: { of: 'ratio', atMost: 1.3 },
    async round(context) {
      const count = connectionsAllowed(context.quick ? 2000 : 10_000);
      const ours = await withServer('ours', context, (server) => idle(server, count));
      const bare = await withServer('bare', context, (server) => idle(server, count));
      return { ours: { figure: ours }, bare: { figure: bare }, ratio: ours / bare };
    },
  },
  {
    name: 'churn',
    work: '100,000 connections opened and closed',
    measure: 'memory growth after another 80,000',
    unit: 'MiB',
    target: { of: 'figure', atMost: 10 },
    maxRounds: 1,
    async round(context) {
      // V8 makes its young generation larger in steps, the last one after some 60,000; the bare server's, too.
      const [warmUp, count] = context.quick ? [5000, 10_000] : [80_000, 100_000];
      const ours = await withServer('ours', context, (server) => churn(server, warmUp, count));
      const bare = await withServer('bare', context, (server) => churn(server, warmUp, count));
      return { ours, bare };
    },
  },
];

/**
 * @template T
 * @param {'ours' | 'bare'} which
 * @param {import('../types.js').Context} context
 * @param {(server: import('../types.js').Server) => Promise<T>} use
 */
async function withServer(which, context, use) {
  const options = { context, pin: false };
  const server =
    which === 'ours'
      ? await startOurs({ ...options, files: { 'main.lua': appSource('echo') } })
      : await startBare('echo.js', options);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

/** @param {import('../types.js').Server} server @param {number} connections @returns KiB for each */
async function idle(server, connections) {
  const generator = new Generator('idle.js', false);
  try {
    const before = await restingMemory(server);
    await generator.open('server', { port: server.port, connections });
    const { messages: open } = await generator.run('server', 0);
    if (open !== connections) throw new Error(`${open} of ${connections} connections are open`);
    return ((await restingMemory(server)) - before) / connections / KIB;
  } finally {
    generator.close();
  }
}

/** @param {import('../types.js').Server} server @param {number} warmUp @param {number} count */
async function churn(server, warmUp, count) {
  const generator = new Generator('connect.js', false);
  try {
    await generator.open('server', { port: server.port, size: 64, parallel: 20 });
    await connections(generator, warmUp);
    const before = await restingMemory(server);
    await connections(generator, count);
    return { figure: ((await restingMemory(server)) - before) / MIB };
  } finally {
    generator.close();
  }
}

/** @param {Generator} generator @param {number} count */
async function connections(generator, count) {
  for (let done = 0; done < count; ) {
    const { messages, failures } = await generator.run('server', 1000);
    if (messages === 0) throw new Error(`no connection succeeded: ${JSON.stringify(failures)}`);
    done += messages;
  }
}

/** @param {import('../types.js').Server} server */
async function restingMemory(server) {
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  return server.memory();
}

/** Every connection is a file descriptor of the server, and one of the generator. @param {number} wanted */
function connectionsAllowed(wanted) {
  const limit = /^Max open files\s+\S+\s+(\S+)/m.exec(limits())?.[1];
  const allowed = limit === undefined || limit === 'unlimited' ? wanted : Number(limit) - 200;
  return Math.floor(Math.min(wanted, allowed) / 100) * 100;
}

function limits() {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

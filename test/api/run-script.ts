/** Runs a script as the root application of a real server, and gives what it has logged. */
import { afterEach } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';

const running: TestServer[] = [];

/** Ends what the test has started, after each test of the file that calls it. */
export function stopAfterEach(): void {
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop();
  });
}

export async function start(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args);
  running.push(server);
  return server;
}

/** What `NOTE` was called with, a line for each call; a script that fails fails the test. */
export async function notesOf(script: string, ini?: string): Promise<string[]> {
  const { log } = await start(script, ini);
  const errors = log.texts('error').filter((text) => text.includes('not started'));
  if (errors.length > 0) throw new Error(errors.join('\n'));
  return log.texts('note').filter((text) => !text.includes('applications running'));
}

/** A Lua function for scripts: the bytes of a string as hex. */
export const HEX = `
  local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
`;

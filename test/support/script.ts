/** Runs a script as an application of a real server, and gives back what it printed. */
import { onTestFinished } from 'vitest';
import { startServer, type TestServer } from './server.js';

type Files = string | Readonly<Record<string, string | Uint8Array>>;

const QUIET = '[reload]\nenabled=false\n';

/** Starts a server that is stopped after the test, and whose applications are not reloaded. */
export async function serve(files: Files, ini = ''): Promise<TestServer> {
  const server = await startServer(files, `${QUIET}${ini}`);
  onTestFinished(() => server.stop());
  return server;
}

/** @returns the lines that main.lua printed @throws when an application logged an error */
export async function printed(files: Files, ini = ''): Promise<string[]> {
  const { log } = await serve(files, ini);
  const errors = log.texts('error');
  if (errors.length > 0) throw new Error(errors.join('\n'));
  return log.texts('print');
}

/** @returns the first error that was logged: main.lua is expected to fail */
export async function failure(files: Files, ini = ''): Promise<string> {
  const { log } = await serve(files, ini);
  return log.texts('error')[0] ?? 'no error was logged';
}

/** Runs one of the old scripts under test/fixtures/old-scripts, alone, in a real server. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer, type TestServer } from '../support/server.js';

const SCRIPTS = fileURLToPath(new URL('../fixtures/old-scripts', import.meta.url));

/** @param ini the application's section, and whatever else it needs */
export function startOld(name: string, ini: string): Promise<TestServer> {
  const files = readdirSync(join(SCRIPTS, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => [relative(SCRIPTS, file), readFileSync(file)] as const);
  return startServer(Object.fromEntries(files), ini);
}

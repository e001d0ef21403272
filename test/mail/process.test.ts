/** A process of its own with the mailer in it: it must end by itself, with a session that is idle, closed or stuck. */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/server.js';
import { HOST, mail, startMailServer } from './mail-server.js';
import { type Stage, StageServer } from './stage-server.js';

const run = promisify(execFile);
let folder: string;

/** Compiles the mail folder to where its imports are found. */
beforeAll(async () => {
  folder = temporaryFolder();
  mkdirSync(join(folder, 'out'));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const tsc = resolve('node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', 'test/support/tsconfig.json', '--outDir', join(folder, 'out')]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `body`, which has `mailer` and `send()`, and resolves with what it prints when it ends by itself. */
async function child(port: number, options: object, body: string): Promise<string[]> {
  const smtp = { host: HOST, port, timeout: 60, secure: false, starttls: 'auto', ...options };
  const script = `
    import { Mailer } from './out/mail/mailer.js';
    const mailer = new Mailer(${JSON.stringify(smtp)});
    const send = () => new Promise((resolve) =>
      mailer.send(${JSON.stringify(mail())}, (error) => { console.log(error ?? 'sent'); resolve(); }));
    ${body}
    const open = process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Timeout|Shutdown|Addr/.test(name));
    console.log('open: ' + (open.join() || 'nothing'));
  `;
  const file = join(folder, 'child.js');
  writeFileSync(file, script);
  const { stdout } = await run(process.execPath, [file], { timeout: 15_000 });
  return stdout.trim().split('\n');
}

describe('a process', () => {
  it.each([
    ['no TLS', {}, {}],
    ['STARTTLS', { disabledCommands: ['AUTH'] }, { starttls: 'required' }],
    ['TLS', { secure: true }, { secure: true }],
  ])(
    'ends while its session is idle, and leaves nothing open after close: %s',
    async (_name, served, options) => {
      const server = await startMailServer(served);
      const idle = 'await send(); await new Promise(setImmediate);';
      expect(await child(server.port, options, idle)).toEqual(['sent', 'open: nothing']);
      const closed = 'await send(); await send(); await mailer.close(10_000);';
      expect(await child(server.port, options, closed)).toEqual(['sent', 'sent', 'open: nothing']);
      expect(server.received).toHaveLength(3);
      await server.stop();
    },
  );

  it('loads nodemailer, and TLS with it, only for the first mail', async () => {
    const server = await startMailServer();
    const tls = `console.log(process.moduleLoadList.includes('NativeModule tls') ? 'loaded' : 'not loaded');`;
    const lines = await child(server.port, {}, `${tls} await send(); ${tls}`);
    expect(lines).toEqual(['not loaded', 'sent', 'loaded', 'open: nothing']);
    await server.stop();
  });

  it.each(['greeting', 'EHLO', 'MAIL', 'body'] as const)(
    'ends after close when the server is stuck at %s',
    async (at) => {
      const server = await StageServer.start((stage: Stage) => (stage === at ? 'hang' : undefined));
      const [result, open] = await child(server.port, {}, 'send(); await mailer.close(200);');
      expect(result).toContain('not sent within the 0.2 s');
      expect(open).toBe('open: nothing');
      await server.stop();
    },
  );

  it('stays until its mail has left', async () => {
    const server = await startMailServer();
    expect(await child(server.port, {}, 'send();')).toContain('sent');
    await server.stop();
  });
});

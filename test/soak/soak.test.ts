/** The soak for one minute, and one that is ended early. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const RUN = fileURLToPath(new URL('run.js', import.meta.url));

/** It rests twice, beyond its minute. */
const PATIENCE_MS = 240_000;

describe('the soak', () => {
  let child: ChildProcess | undefined;
  afterEach(async () => {
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    // What it has started ends with it.
    child.kill('SIGKILL');
    await ended;
  });

  function soak(...args: string[]) {
    const started = spawn(process.execPath, [RUN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    const output = { text: '' };
    for (const stream of [started.stdout, started.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        output.text += text;
      });
    return { started, output };
  }

  it('passes after a minute of everything at once', { timeout: PATIENCE_MS }, async () => {
    const { started, output } = soak('1');
    const [code] = await once(started, 'close');
    expect(code, output.text).toBe(0);
    expect(output.text).toMatch(/\nPASSED\n$/);
  });

  it('says at SIGINT what it has seen until then', { timeout: PATIENCE_MS }, async () => {
    const { started, output } = soak('10', '--json');
    await once(started.stderr, 'data');
    started.kill('SIGINT');
    const [code] = await once(started, 'close');
    expect(code, output.text).toBe(0);
    expect(output.text).toContain('"levels": []');
  });
});

/** What is shown of a defect of ours that ends the start. */
import { afterEach, expect, test } from 'vitest';
import { Daemons } from '../support/daemon.js';

const daemons = new Daemons();

afterEach(() => daemons.close());

/** Makes a part of the server fail that never does: it defines a property of the global object. */
const BROKEN = '--import=data:text/javascript,Object.preventExtensions(globalThis)';

test('an internal error at the start is printed with its stack, and the exit code is 1', async () => {
  const { daemon } = daemons.start('', '', [], { env: { NODE_OPTIONS: BROKEN } });
  const { code, stderr } = await daemon.ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^cumulus-server: internal error: TypeError: .*not extensible\n {4}at /);
});

/** Errors of scripts whose cause is a known slip: the hint that the log gives. */
import { expect, test } from 'vitest';
import { start, stopAfterEach } from '../api/run-script.js';

stopAfterEach();

const SLIPS: [code: string, hint: string | undefined][] = [
  ['cumulus:createTCPCleint()', 'did you mean createTCPClient?'],
  ['cumulus.createUDPsocket()', 'did you mean createUDPSocket?'],
  ['local c = cumulus:createTCPClient() c:conect("localhost", 1)', 'did you mean connect?'],
  ['local c = cumulus:createTCPClient() c:Send("x")', 'did you mean send?'],
  ['local s = cumulus:createTCPServer() s:strat(1234)', 'did you mean start?'],
  ['NOTTE("x")', 'did you mean NOTE?'],
  ['tostirng(5)', 'did you mean tostring?'],
  ['error = "failed" error("x")', 'the script has replaced error by a string value'],
  ['nothingLikeIt()', undefined],
  ['local c = cumulus:createTCPClient() c:somethingElse()', undefined],
  ['local t = 5 t()', undefined],
];

test.each(SLIPS)('%s', async (code, hint) => {
  const { log } = await start(`function onStart()\n${code}\nend`);
  const [first = ''] = (log.texts('error')[0] ?? '').split('\n');
  expect(first).toMatch(/^application \/, onStart: www\/main\.lua:2: attempt to call /);
  if (hint === undefined) expect(first).not.toMatch(/did you mean|replaced/);
  else expect(first.endsWith(`: ${hint}`)).toBe(true);
});

test('an error of main.lua itself has the hint, too', async () => {
  const { log } = await start('cumulus:createTCPSever()');
  expect(log.texts('error')[0]).toContain('did you mean createTCPServer?\n');
});

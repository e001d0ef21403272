/**
 * The figures that the pages name: each is the default of its key, or the constant in the sources.
 *
 * A row of a table of limits that is not known here fails, so that none is written that nobody checks.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MANAGE_MS } from '../../src/app/application.js';
import { QUIET_MS } from '../../src/app/error-report.js';
import { KNOWN } from '../../src/config/keys.js';
import { MAX_BYTES } from '../../src/log/queue.js';
import { RETRY_MS, STALL_MS } from '../../src/log/target.js';
import { MAX_DEPTH as AMF_DEPTH, MAX_MESSAGE_BYTES } from '../../src/lua/amf/index.js';
import { MAX_OPEN } from '../../src/lua/files/open-files.js';
import { MAX_DEPTH as CALL_DEPTH } from '../../src/lua/tree/exchange.js';
import { MAX_DEPTH as STATE_DEPTH } from '../../src/lua/values.js';
import { MAX_TEXT } from '../../src/mail/mailbox.js';
import { MAX_PENDING, MAX_PENDING_CHARACTERS } from '../../src/mail/mailer.js';
import { MAX_ADDRESSES } from '../../src/net/blacklist.js';
import { KEEP_ALIVE_MS } from '../../src/net/connection.js';
import { MARGIN } from '../../src/net/file-limit.js';
import { LINGER_MS } from '../../src/net/lingering.js';
import { DRAIN_THRESHOLD } from '../../src/net/send-queue.js';
import { MAX_DATAGRAM } from '../../src/net/udp-socket.js';
import { STOP_MS } from '../../src/server.js';
import { STATUS_MS } from '../../src/service-manager.js';

const MIB = 1024 ** 2;

/** What is not the default of a key: the row's name → its figures, in milliseconds, bytes or as they are. */
const CONSTANTS: Readonly<Record<string, readonly number[]>> = {
  'connections of a server': [],
  'a closed connection whose peer does not': [LINGER_MS],
  'mails that wait': [MAX_PENDING, MAX_PENDING_CHARACTERS],
  'an AMF message': [MAX_MESSAGE_BYTES, AMF_DEPTH],
  'lines that wait for a log that does not take them': [MAX_BYTES],
  'files that one application has open': [MAX_OPEN],
  'open files': [MARGIN],
  'sending what is left after `disconnect()`': [LINGER_MS],
  'a datagram': [MAX_DATAGRAM],
  'tables in tables, in AMF and in `state`': [STATE_DEPTH],
  'calls between applications, nested': [CALL_DEPTH],
  'the blacklist': [MAX_ADDRESSES],
};

/** Figures that the row of a key has besides its default. */
const FURTHER: Readonly<Record<string, readonly number[]>> = {
  '`[tcp] idleTimeout`, `client.idleTimeout`': [KEEP_ALIVE_MS],
};

/** Sentences with figures. */
const SENTENCES: readonly (readonly [page: string, sentence: RegExp, figure: number])[] = [
  ['operations.md', /what was sent leaves, mail too, for (\d+ s) at most/, STOP_MS],
  ['operations.md', /then up to (\d+ s) for what was sent and for mails/, STOP_MS],
  ['operations.md', /up to (\d+ MiB) of lines are kept for a reader/, MAX_BYTES],
  ['operations.md', /unless its reader is stuck for (\d+ seconds)/, STALL_MS],
  ['operations.md', /tries again every (second), and says when it is over/, RETRY_MS],
  ['operations.md', /logged once a (second) at most/, QUIET_MS],
  ['operations.md', /within a (second) when it has changed/, STATUS_MS],
  ['operations.md', /more than twice `\[lua\] abort=(\d+)`/, Number(defaultOf('lua', 'abort'))],
  ['api.md', /ends with an error after `\[lua\] timeout`, (\d+ s)\./, Number(defaultOf('lua', 'timeout'))],
  ['api.md', /right after the start, then every (\d+ s)/, MANAGE_MS],
  ['api.md', /What was sent still leaves, for (\d+ s) at most/, LINGER_MS],
  ['api.md', /at the end of an event more than (\d+) bytes were `pending`/, DRAIN_THRESHOLD],
  ['api.md', /keep-alive probes after (\d+ s) of silence/, KEEP_ALIVE_MS],
  ['api.md', /one datagram of at most (\d+) bytes/, MAX_DATAGRAM],
  ['api.md', /above (\d+) MiB or \d+ levels/, MAX_MESSAGE_BYTES / MIB],
  ['api.md', /above \d+ MiB or (\d+ levels)/, AMF_DEPTH],
  ['api.md', /At most ([\d,]+)\. What is no address/, MAX_ADDRESSES],
  ['api.md', /in order; ([\d,]+), or \d+ Mi characters, may wait/, MAX_PENDING],
  ['api.md', /in order; [\d,]+, or (\d+ Mi) characters, may wait/, MAX_PENDING_CHARACTERS],
  ['api.md', /When the server stops they have (\d+ s)\./, STOP_MS],
  ['api.md', /at most (\d+) characters each/, MAX_TEXT],
];

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  second: 1000,
  seconds: 1000,
  KiB: 1024,
  MiB: MIB,
  GiB: 1024 * MIB,
  Mi: MIB,
};

describe.each(['operations.md', 'api.md'])('the limits of docs/%s', (page) => {
  const [, section = ''] = /\n## Limits\n(.*?)\n## /s.exec(read(page)) ?? [];
  const rows = [...section.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)]
    .map(([, what = '', figure = '', key = '']) => ({ what, figure, key }))
    .slice(2);

  test('are a table', () => expect(rows.length).toBeGreaterThan(10));

  test.each(rows)('$what: $figure', ({ what, figure, key }) => {
    const [, section = '', name = ''] = /`\[(\w+)\] (\w+)`/.exec(key) ?? [];
    const expected =
      section === '' ? CONSTANTS[what] : [defaultFigure(section, name), ...(FURTHER[key] ?? [])];
    // "none" is 0, and no figure.
    expect(figuresIn(figure)).toEqual(expected?.filter((value) => value !== 0));
    expect(/^none\b/.test(figure)).toBe(expected?.[0] === 0 || expected?.length === 0);
  });
});

test.each(SENTENCES)('%s: %s', (page, sentence, figure) => {
  const [, found = ''] = sentence.exec(read(page).replace(/\s+/g, ' ')) ?? [];
  expect(found === 'second' ? [1000] : figuresIn(found)).toEqual([figure]);
});

test('the watchdog of the unit waits more than twice as long as the daemon waits for a script', () => {
  const unit = readFileSync(new URL('../../conf/cumulus-server.service', import.meta.url), 'utf8');
  const [, seconds = ''] = /^WatchdogSec=(\d+)$/m.exec(unit) ?? [];
  expect(read('operations.md')).toContain(`\`WatchdogSec=${seconds}\``);
  expect(Number(seconds)).toBeGreaterThan(2 * Number(defaultOf('lua', 'abort')));
});

function read(page: string): string {
  return readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
}

/** As it is read from a file that does not set it. */
function defaultOf(section: string, name: string): unknown {
  const key = KNOWN.get(section)?.get(name);
  return key?.type.read(key.default, '/');
}

function defaultFigure(section: string, name: string): number {
  const unit = KNOWN.get(section)?.get(name)?.type.unit ?? '';
  return Number(defaultOf(section, name)) * (UNITS[unit] ?? 1);
}

/** "10,000, or 64 Mi characters" → 10000 and 67108864. Percentages are left out. */
function figuresIn(text: string): number[] {
  return [...text.matchAll(/(\d[\d,]*\d|\d)(?: to \d+)?( %)?(?: (\w+))?/g)]
    .filter(([, , percent]) => percent === undefined)
    .map(([, number = '', , unit = '']) => Number(number.replaceAll(',', '')) * (UNITS[unit] ?? 1));
}

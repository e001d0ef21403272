/**
 * The configuration from a real file: defaults, every key, every refusal, typos, what scripts get of it, and the
 * example that is shipped.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { parseIni } from '../../src/config/ini.js';
import { KNOWN } from '../../src/config/keys.js';
import { type Config, describeConfig, describeKeys, loadConfig, scriptConfigs } from '../../src/config.js';
import { CumulusError } from '../../src/errors.js';
import { LuaTable, type LuaValue } from '../../src/lua/table.js';

const EXAMPLE = fileURLToPath(new URL('../../CumulusServer.ini.example', import.meta.url));

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cumulus-config-'));
  file = join(directory, 'CumulusServer.ini');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function load(text: string | Buffer, overrides?: { level?: number }) {
  writeFileSync(file, text);
  return loadConfig(file, overrides);
}

function refusal(action: () => unknown): CumulusError {
  try {
    action();
  } catch (error) {
    if (error instanceof CumulusError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** The value of `section.key` after `text` has been loaded for it. */
function settingOf(section: keyof Config, key: string, text: string): unknown {
  return (load(`[${section}]\n${key}=${text}`).config[section] as unknown as Record<string, unknown>)[key];
}

describe('an empty file', () => {
  it('gives every default', () => {
    expect(load('').config).toEqual({
      file,
      directory,
      applications: { path: join(directory, 'www'), required: [] },
      smtp: { host: 'localhost', port: 25, timeout: 60, secure: false, starttls: 'auto' },
      logs: { level: 6, format: 'auto', name: 'log', size: 1_000_000, files: 10 },
      lua: { version: '5.4', timeout: 5000, abort: 60, memory: 256, files: 'applications' },
      tcp: {
        receiveLimit: 16 * 1024 ** 2,
        sendLimit: 64 * 1024 ** 2,
        totalLimit: 1024 ** 3,
        connectTimeout: 30,
        idleTimeout: 0,
      },
      reload: { enabled: true, delay: 100, drain: 0 },
      sections: new Map([['', new Map()]]),
    });
  });

  it('gives no warning', () => {
    expect(load('').warnings).toEqual([]);
  });
});

describe('values', () => {
  it.each<[keyof Config, string, string, unknown]>([
    ['applications', 'required', '/a, /b/c/ ,/a', ['/a', '/b/c']],
    ['applications', 'required', '/', ['']],
    ['applications', 'required', '', []],
    ['smtp', 'host', 'smtp.isp.com', 'smtp.isp.com'],
    ['smtp', 'host', '::1', '::1'],
    ['smtp', 'port', '65535', 65_535],
    ['smtp', 'timeout', '0060', 60],
    ['smtp', 'timeout', '1.5', 1.5],
    ['smtp', 'secure', 'true', true],
    ['smtp', 'secure', 'Yes', true],
    ['smtp', 'secure', 'off', false],
    ['smtp', 'starttls', 'required', 'required'],
    ['smtp', 'starttls', 'never', 'never'],
    ['smtp', 'user', 'bob', 'bob'],
    ['smtp', 'user', '', undefined],
    ['smtp', 'password', 'a;b#c', 'a;b#c'],
    ['smtp', 'password', '" spaces "', ' spaces '],
    ['smtp', 'outbox', '', undefined],
    ['logs', 'level', '8', 8],
    ['logs', 'level', '0', 0],
    ['logs', 'level', 'nothing', 0],
    ['logs', 'level', 'DEBUG', 7],
    ['logs', 'format', 'json', 'json'],
    ['logs', 'name', 'my.log', 'my.log'],
    ['logs', 'size', '64k', 65_536],
    ['logs', 'size', '1G', 1024 ** 3],
    ['logs', 'files', '1000', 1000],
    ['lua', 'version', '5.1', '5.1'],
    ['lua', 'timeout', '0', 0],
    ['lua', 'abort', '0', 0],
    ['lua', 'memory', '32', 32],
    ['lua', 'memory', '2048', 2048],
    ['lua', 'files', 'none', 'none'],
    ['tcp', 'receiveLimit', '1M', 1024 ** 2],
    ['tcp', 'receiveLimit', '1m', 1024 ** 2],
    ['tcp', 'sendLimit', '2G', 2 * 1024 ** 3],
    ['tcp', 'totalLimit', '32G', 32 * 1024 ** 3],
    ['tcp', 'connectTimeout', '0', 0],
    ['tcp', 'idleTimeout', '0.25', 0.25],
    ['reload', 'enabled', 'false', false],
    ['reload', 'delay', '0', 0],
    ['reload', 'drain', '10', 10],
  ])('are read: [%s] %s = %j is %j', (section, key, text, value) => {
    expect(settingOf(section, key, text)).toEqual(value);
  });

  it.each<[keyof Config, string]>([
    ['applications', 'path'],
    ['smtp', 'outbox'],
    ['logs', 'directory'],
  ])('of [%s] %s are folders that start at the folder of the file', (section, key) => {
    expect(settingOf(section, key, '../a/b')).toBe(resolve(directory, '../a/b'));
    expect(settingOf(section, key, '/a/b')).toBe(resolve('/a/b'));
  });

  it('are absolute when the file is named by a relative path', () => {
    writeFileSync(file, '');
    const { config } = loadConfig(relative(process.cwd(), file));
    expect(config.file).toBe(file);
    expect(config.directory).toBe(directory);
    expect(config.applications.path).toBe(join(directory, 'www'));
  });

  it('have the types of the table', () => {
    expectTypeOf<Config['smtp']['port']>().toEqualTypeOf<number>();
    expectTypeOf<Config['smtp']['secure']>().toEqualTypeOf<boolean>();
    expectTypeOf<Config['smtp']['starttls']>().toEqualTypeOf<'auto' | 'required' | 'never'>();
    expectTypeOf<Config['smtp']['user']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Config['lua']['version']>().toEqualTypeOf<'5.4' | '5.1'>();
    expectTypeOf<Config['applications']['required']>().toEqualTypeOf<readonly string[]>();
  });

  it('give way to the log level of the command line', () => {
    expect(load('[logs]\nlevel=3', { level: 0 }).config.logs.level).toBe(0);
    expect(load('[logs]\nlevel=3', {}).config.logs.level).toBe(3);
  });

  it.each([9, -1, 1.5, Number.NaN])('do not give way to %d, which is no log level', (level) => {
    const error = refusal(() => load('', { level }));
    expect(error.code).toBe('USAGE');
    expect(error.message).toBe(`log level ${level}: must be an integer from 0 to 8`);
  });
});

describe('bad values', () => {
  it.each([
    ['applications', 'path', '', 'a folder'],
    ['applications', 'required', 'a', 'application paths such as /a,/b/c (the root application is /)'],
    ['applications', 'required', '/a,', 'application paths such as /a,/b/c (the root application is /)'],
    ['applications', 'required', '/../a', 'application paths such as /a,/b/c (the root application is /)'],
    ['smtp', 'host', '', 'a host name or an address'],
    ['smtp', 'host', 'two words', 'a host name or an address'],
    ['smtp', 'port', '99999', 'an integer from 1 to 65535'],
    ['smtp', 'port', '0', 'an integer from 1 to 65535'],
    ['smtp', 'port', '-1', 'an integer from 1 to 65535'],
    ['smtp', 'port', '25.0', 'an integer from 1 to 65535'],
    ['smtp', 'port', '0x19', 'an integer from 1 to 65535'],
    ['smtp', 'port', '', 'an integer from 1 to 65535'],
    ['smtp', 'timeout', '0', 'a number from 1 to 86400'],
    ['smtp', 'timeout', '60s', 'a number from 1 to 86400'],
    ['smtp', 'secure', 'maybe', 'true, yes, on, 1, or false, no, off, 0'],
    ['smtp', 'starttls', 'perhaps', 'auto, required or never'],
    ['logs', 'level', '9', '0 to 8 or nothing, fatal, critic, error, warn, note, info, debug or trace'],
    ['logs', 'level', 'loud', '0 to 8 or nothing, fatal, critic, error, warn, note, info, debug or trace'],
    ['logs', 'format', 'xml', 'auto, text or json'],
    ['logs', 'name', '../log', 'a file name without a folder'],
    ['logs', 'name', '..', 'a file name without a folder'],
    ['logs', 'size', '0', 'an integer from 1 to 1G; k, M and G stand for 1024, 1024² and 1024³'],
    ['logs', 'size', '1T', 'an integer from 1 to 1G; k, M and G stand for 1024, 1024² and 1024³'],
    ['logs', 'size', '1.5M', 'an integer from 1 to 1G; k, M and G stand for 1024, 1024² and 1024³'],
    ['logs', 'files', '0', 'an integer from 1 to 1000'],
    ['lua', 'version', '5.3', '5.4 or 5.1'],
    ['lua', 'timeout', '3600001', 'an integer from 0 to 3600000'],
    ['lua', 'abort', '86401', 'a number from 0 to 86400'],
    ['lua', 'memory', '31', 'an integer from 32 to 2048'],
    ['lua', 'memory', '2049', 'an integer from 32 to 2048'],
    ['lua', 'files', 'all', 'applications, any or none'],
    ['tcp', 'receiveLimit', '3G', 'an integer from 1 to 2G; k, M and G stand for 1024, 1024² and 1024³'],
    ['tcp', 'sendLimit', 'lots', 'an integer from 1 to 2G; k, M and G stand for 1024, 1024² and 1024³'],
    ['tcp', 'connectTimeout', '1e3', 'a number from 0 to 86400'],
    ['tcp', 'idleTimeout', '.5', 'a number from 0 to 86400'],
    ['reload', 'enabled', '2', 'true, yes, on, 1, or false, no, off, 0'],
    ['reload', 'delay', '60001', 'an integer from 0 to 60000'],
    ['reload', 'drain', 'never', 'a number from 0 to 86400'],
  ])('are refused: [%s] %s = %s', (section, key, text, allowed) => {
    const error = refusal(() => load(`; comment\n[${section}]\n${key}=${text}`));
    expect(error.code).toBe('CONFIG');
    expect(error.message).toBe(`${file}:3: [${section}] ${key} = ${text}: must be ${allowed}`);
  });

  it('are all listed, one a line', () => {
    const error = refusal(() => load('[smtp]\nport=0\n[lua]\nmemory=1\n[logs]\nlevel=11'));
    const lines = error.message.split('\n').map((line) => line.slice(file.length, line.indexOf(': must')));
    expect(lines).toEqual([':2: [smtp] port = 0', ':6: [logs] level = 11', ':4: [lua] memory = 1']);
  });

  it('are shown without control characters and not at full length', () => {
    expect(refusal(() => load('[smtp]\nport=\u001b[2J')).message).toContain('port = ?[2J: must');
    expect(refusal(() => load(`[smtp]\nport=${'1'.repeat(500)}`)).message).toContain(
      `= ${'1'.repeat(60)}…: must`,
    );
  });
});

describe('a file that cannot be used', () => {
  it('is refused when it does not exist, with the place of the example', () => {
    const error = refusal(() => loadConfig(file));
    expect(error.code).toBe('CONFIG');
    expect(error.message).toBe(`${file}: no such file; copy ${EXAMPLE} there, or name another with --config`);
  });

  it('is refused when it is a folder, with the file to name instead', () => {
    expect(refusal(() => loadConfig(directory)).message).toBe(
      `${directory}: is a folder; name the file in it: --config ${file}`,
    );
  });

  it.skipIf(process.getuid?.() === 0)('is refused when it must not be read', () => {
    writeFileSync(file, '');
    chmodSync(file, 0);
    expect(refusal(() => loadConfig(file)).message).toBe(
      `${file}: permission denied; make it readable for the user that runs the server`,
    );
  });

  it('is refused with the reason of the system in any other case', () => {
    symlinkSync(file, file);
    expect(refusal(() => loadConfig(file)).message).toMatch(/: cannot be read \(ELOOP.*--config/);
  });

  it('is refused when a line is malformed', () => {
    expect(refusal(() => load('[smtp]\nhost')).message).toMatch(
      /CumulusServer\.ini:2: "host" must be key=value/,
    );
  });

  it('is refused when it is not UTF-8, with the line', () => {
    const error = refusal(() => load(Buffer.from('[smtp]\n; caf\xe9\nhost=x', 'latin1')));
    expect(error.message).toBe(`${file}:2: is not UTF-8; save the file in that encoding`);
    expect(refusal(() => load(Buffer.from('\uFEFF[smtp]', 'utf16le'))).message).toContain(':1: is not UTF-8');
  });
});

describe('likely typos', () => {
  it.each([
    ['[smtp]\nhsot=x', '2: [smtp] hsot is not known; did you mean host?'],
    ['[smtp]\nHost=x', '2: [smtp] Host is not known; did you mean host?'],
    ['[smtp]\npasword=x', '2: [smtp] pasword is not known; did you mean password?'],
    ['[logs]\ndirectroy=x', '2: [logs] directroy is not known; did you mean directory?'],
    ['[tcp]\nrecieveLimit=1', '2: [tcp] recieveLimit is not known; did you mean receiveLimit?'],
    ['[tcp]\nidletimeout=1', '2: [tcp] idletimeout is not known; did you mean idleTimeout?'],
    ['[smpt]\nmine=1\nhost=x', '3: [smpt] host is not known; did you mean [smtp]?'],
    ['[SMTP]\nHOST=x', '2: [SMTP] HOST is not known; did you mean [smtp]?'],
    ['[application]\npath=x', '2: [application] path is not known; did you mean [applications]?'],
    ['smtp.host=x', '1: smtp.host is not known; did you mean host in the section [smtp]?'],
  ])('are warned of: %j', (text, warning) => {
    expect(load(text).warnings).toEqual([`${file}:${warning}`]);
  });

  it('do not take effect', () => {
    expect(load('[SMTP]\nhost=x\n[smtp]\nHost=y').config.smtp.host).toBe('localhost');
  });

  it('are not seen in names that are near nothing, nor in sections of which no key is known', () => {
    const text =
      'hots=1\n[smtp]\nsignature=x\nx=1\n[lua]\ngreeting=x\n[log]\nmine=1\n[game]\nhost=x\nport=1\nlevel=2';
    expect(load(text).warnings).toEqual([]);
  });

  it('are not seen in any key of the original', () => {
    const text = `port=1935
      udpBufferSize=114688
      threads=0
      threadPriority=high
      host=localhost
      publicAddress=192.168.0.1:1935
      keepAlivePeer=10
      keepAliveServer=15
      serverKeepAlive=15
      freqManage=2
      cirrus=p2p.rtmfp.net
      middle=true
      edges.activated=true
      smtp=x
      [servers]
      port=1936
      targets=192.168.0.2:1936
      [cluster]
      port=1936
      host=x
      [middle]
      host=x
      port=1
      [edges]
      port=1936
      attemptsBeforeFallback=2
      [smtp]
      host=smtp.isp.com
      port=25
      timeout=60
      [logs]
      directory=logs
      name=log`;
    expect(load(text).warnings).toEqual([]);
  });

  it('are not seen in any known key', () => {
    const text = [...KNOWN].map(([section, keys]) =>
      [`[${section}]`, ...[...keys].map(([name, key]) => `${name}=${key.default}`)].join('\n'),
    );
    expect(load(text.join('\n')).warnings).toEqual([]);
  });
});

it('is frozen in depth', () => {
  const { config } = load('[applications]\nrequired=/a\n[mine]\na=1');
  const parts = [config, config.smtp, config.applications, config.applications.required, config.sections];
  for (const part of parts) expect(Object.isFrozen(part)).toBe(true);
  const mine = config.sections.get('mine') as unknown as Map<string, string>;
  expect(() => mine.set('a', '2')).toThrow(TypeError);
});

describe('scriptConfigs', () => {
  /** Tables as plain objects. */
  function plain(value: LuaValue): unknown {
    if (!(value instanceof LuaTable)) return value;
    return Object.fromEntries([...value.entries].map(([key, inner]) => [String(key), plain(inner)]));
  }

  function configs(text: string): unknown {
    return plain(scriptConfigs(parseIni(text, 'x.ini')));
  }

  it('gives sections as tables and the keys outside of them at the top', () => {
    expect(configs('port=1935\n[smtp]\nhost=x\n[mine]\na;b=c;d')).toEqual({
      port: '1935',
      smtp: { host: 'x' },
      mine: { 'a;b': 'c;d' },
    });
  });

  it('makes a boolean of false and of nothing else', () => {
    expect(configs('a=false\nb=true\nc=False\nd=0\ne=\nf=null')).toEqual({
      a: false,
      b: 'true',
      c: 'False',
      d: '0',
      e: '',
      f: 'null',
    });
  });

  it('gives keys and values as the bytes of their UTF-8', () => {
    expect(configs('é=☃')).toEqual({ 'Ã©': 'â\u0098\u0083' });
  });

  it('nests at dots, as the original does', () => {
    expect(configs('[a.b]\nc=1\n[a]\nd=2\nb.e=3')).toEqual({ a: { b: { c: '1', e: '3' }, d: '2' } });
  });

  it.each([
    ['a=1\n[a]\nb=2', { a: { b: '2' } }],
    ['[a.b]\nc=1\n[a]\nb=2', { a: { b: { c: '1' } } }],
  ])('prefers a table to a value of the same name: %j', (text, tables) => {
    expect(configs(text)).toEqual(tables);
  });

  it('leaves out sections without keys', () => {
    expect(configs('[a]\n[b]\nc=1')).toEqual({ b: { c: '1' } });
  });

  it('takes a loaded configuration, too', () => {
    expect(plain(scriptConfigs(load('[mine]\na=1').config))).toEqual({ mine: { a: '1' } });
  });
});

describe('describeKeys', () => {
  const lines = describeKeys().split('\n');

  it('is a Markdown table with a row for every key', () => {
    const count = [...KNOWN.values()].reduce((sum, keys) => sum + keys.size, 0);
    expect(lines.slice(0, 2)).toEqual([
      '| Section | Key | Allowed | Unit | Default | Meaning |',
      '| --- | --- | --- | --- | --- | --- |',
    ]);
    expect(lines).toHaveLength(count + 2);
    for (const line of lines) expect(line.match(/\|/g)).toHaveLength(7);
  });

  it('has section, key, allowed values, unit, default and meaning in a row', () => {
    expect(lines).toContain(
      '| `[lua]` | `memory` | an integer from 32 to 2048 | MiB | `256` | Memory of one application at most. |',
    );
    expect(lines).toContain('| `[smtp]` | `password` | any text |  | none | Password of that user. |');
  });
});

describe('describeConfig', () => {
  it('is every key with the value in force and its unit', () => {
    const lines = describeConfig(load('[applications]\nrequired=/,/a').config).split('\n');
    expect(lines).toHaveLength([...KNOWN.values()].reduce((sum, keys) => sum + keys.size, 0));
    expect(lines).toContain(`applications.path = ${join(directory, 'www')}`);
    expect(lines).toContain('applications.required = /,/a');
    expect(lines).toContain('smtp.port = 25');
    expect(lines).toContain('smtp.password = (none)');
    expect(lines).toContain('lua.timeout = 5000 ms');
    expect(lines).toContain('tcp.receiveLimit = 16777216 bytes');
    expect(lines).toContain('reload.enabled = true');
  });

  it('does not show the password', () => {
    const text = describeConfig(load('[smtp]\nuser=bob\npassword=secret').config);
    expect(text).toContain('smtp.user = bob');
    expect(text).toContain('smtp.password = ***');
    expect(text).not.toContain('secret');
  });
});

describe('CumulusServer.ini.example', () => {
  /** Every `key=value`, commented or not, with the comment above it. */
  function entries() {
    let section = '';
    let comment = '';
    return readFileSync(EXAMPLE, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [, key, value = ''] = /^;?(\w+)=(.*)$/.exec(line) ?? [];
        section = /^\[(\w+)\]$/.exec(line)?.[1] ?? section;
        const above = comment;
        comment = line.startsWith('; ') ? `${comment} ${line.slice(2)}` : '';
        return key === undefined ? [] : [{ section, key, value, active: !line.startsWith(';'), above }];
      });
  }

  it('mentions every known key once, in order, and no other', () => {
    const known = [...KNOWN].flatMap(([section, keys]) => [...keys.keys()].map((key) => `${section}.${key}`));
    expect(entries().map(({ section, key }) => `${section}.${key}`)).toEqual(known);
  });

  it('explains each key with its unit and default, and comments out defaults only', () => {
    for (const { section, key, value, active, above } of entries()) {
      const known = KNOWN.get(section)?.get(key);
      expect(above).toContain(known?.meaning);
      expect(above).toContain(`Allowed: ${known?.type.allowed}.`);
      if (known?.type.unit) expect(above).toContain(`Unit: ${known.type.unit}.`);
      expect(above.endsWith(`Default: ${known?.default || 'none'}`)).toBe(true);
      if (!active) expect(value).toBe(known?.default);
    }
  });

  it('runs the examples and keeps their mail in a folder, all else by default', () => {
    const { config, warnings } = loadConfig(EXAMPLE);
    const root = resolve(EXAMPLE, '..');
    expect(warnings).toEqual([]);
    expect(config.applications.path).toBe(join(root, 'scripts'));
    expect(config.smtp.outbox).toBe(join(root, 'outbox'));
    expect(entries().filter(({ active }) => active)).toHaveLength(2);
  });

  it('can be copied elsewhere', () => {
    mkdirSync(join(directory, 'etc'));
    writeFileSync(join(directory, 'etc', 'x.ini'), readFileSync(EXAMPLE));
    const { config } = loadConfig(join(directory, 'etc', 'x.ini'));
    expect(config.applications.path).toBe(join(directory, 'etc', 'scripts'));
  });
});

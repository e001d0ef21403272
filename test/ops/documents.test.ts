/** The pages for users and operators: what they show is what happens, what they name is there. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { KNOWN } from '../../src/config/keys.js';
import { describeKeys } from '../../src/config.js';
import { Daemons } from '../support/daemon.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'ARCHITECTURE.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const daemons = new Daemons();

afterEach(() => daemons.close());

function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

test('the README has the table of all keys as they are; UPDATE_DOCS=1 writes it', () => {
  const readme = read('README.md');
  const current = readme.replace(
    /(<!-- keys:.*?-->\n).*?(<!-- \/keys -->)/s,
    (_, begin, end) => `${begin}${describeKeys()}\n${end}`,
  );
  if (process.env['UPDATE_DOCS']) writeFileSync(join(ROOT, 'README.md'), current);
  else expect(readme).toBe(current);
});

describe("the README's five minutes", () => {
  const [, tour = ''] = /\n## Five minutes\n(.*?)\n## /s.exec(read('README.md')) ?? [];
  const blocks = [...tour.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, language]) => language === '')
    .map(([, , text = '']) => text.trimEnd().split('\n'));

  test('show what the console shows', async () => {
    const cwd = daemons.folder();
    await daemons.run(['new', 'hello'], { cwd }).ended;
    const port = await freePort();
    const main = join(cwd, 'www/hello/main.lua');
    const text = readFileSync(main, 'utf8').replaceAll('1234', String(port));
    writeFileSync(main, text);
    const daemon = daemons.run([], { cwd });
    const show = async (lines: readonly string[] = []) => {
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) await daemon.waitFor(patternOf(line, cwd, port));
    };

    await show(blocks[0]);
    const peer = await Peer.connect(port);
    peer.send('a');
    expect(String(await peer.read(1))).toBe('a');
    expect(tour).toContain('`self:send(data:upper())`');
    const shouting = text.replace('self:send(data)', 'self:send(data:upper())');
    writeFileSync(main, shouting);
    await show(blocks[1]);
    await peer.readAll();
    peer.close();
    expect(tour).toContain('`self:send(data`');
    writeFileSync(main, shouting.replace('self:send(data:upper())', 'self:send(data'));
    await show(blocks[2]);
    daemon.signal('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
  });

  /** A line of the page, but for what is different each time. */
  function patternOf(line: string, cwd: string, port: number): RegExp {
    const literal = line
      .replace('/home/me/service', cwd)
      .replace('1234', String(port))
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const variable = literal.replace(/Node [\d\\.]+\\\)/, 'Node [\\d.]+\\)').replace(/\d+ ms/, '\\d+ ms');
    return new RegExp(`^${variable}$`);
  }
});

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  test('links to what is there', () => {
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? join(ROOT, page) : join(ROOT, page, '..', file);
      expect(existsSync(path), target).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(readFileSync(path, 'utf8')), target).toContain(anchor);
    }
  });

  test('names keys of the configuration that there are', () => {
    for (const [, section = '', key = ''] of text.matchAll(/`\[(\w+)\] (\w+)/g))
      if (section !== 'game')
        expect([...(KNOWN.get(section)?.keys() ?? [])], `[${section}] ${key}`).toContain(key);
  });
});

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/**
 * `cumulus-server new NAME`: an application to start from, made from one of the examples that we ship.
 *
 * It only ever creates files: what is there already is refused, never overwritten.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../config.js';
import { CumulusError } from '../errors.js';
import { typesFolder } from './types.js';

const EXAMPLES = fileURLToPath(new URL('../../scripts/', import.meta.url));

/** The templates, each an example in scripts/, and what it is for. */
export const TEMPLATES: Readonly<Record<string, string>> = {
  echo: 'a TCP server that sends back what it gets',
  udp: 'a UDP socket that answers every datagram',
  chat: 'TCP clients that talk to each other',
  'line-protocol': 'commands of one line, answered with one line; state that survives a reload',
  mail: 'a TCP server that sends mails',
};

export interface NewOptions {
  readonly config: string;
  readonly template: string;
}

/** @returns what was made, for people @throws CumulusError USAGE when the name or the template will not do */
export function createApplication(name: string, { config, template }: NewOptions): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/.test(name)) {
    throw new CumulusError(
      'USAGE',
      `"${name}" cannot be an application's name: letters, digits, "_", "-", ".", and "/" between folders`,
    );
  }
  if (!(template in TEMPLATES)) {
    throw new CumulusError(
      'USAGE',
      `there is no template "${template}"; there are: ${Object.keys(TEMPLATES).join(', ')}`,
    );
  }
  const made: string[] = [];
  const folder = join(applicationsFolder(config, made), name);
  if (existsSync(folder)) throw new CumulusError('USAGE', `${folder} exists already: nothing was changed`);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(filesOf(name, template))) {
    writeFileSync(join(folder, file), text, { flag: 'wx' });
    made.push(join(folder, file));
  }
  return `${made.map((file) => `created ${relative(process.cwd(), file)}`).join('\n')}\n\n${advice(config)}\n`;
}

export function listTemplates(): string {
  return `${Object.entries(TEMPLATES)
    .map(([name, what]) => `${name.padEnd(14)} ${what}`)
    .join('\n')}\n`;
}

/** Where applications are; in an empty folder, a configuration is made that says so. */
function applicationsFolder(config: string, made: string[]): string {
  if (existsSync(config)) return loadConfig(config).config.applications.path;
  writeFileSync(config, CONFIGURATION, { flag: 'wx' });
  made.push(resolve(config));
  return join(dirname(resolve(config)), 'www');
}

const CONFIGURATION = `; Configuration of cumulus-server. Every key and its default: CumulusServer.ini.example of the package.

[applications]
; Every folder below with a main.lua is an application.
path=www

[smtp]
; Mails are written to this folder as .eml files; remove the line to send them.
outbox=outbox
`;

function filesOf(name: string, template: string): Record<string, string> {
  return {
    'main.lua': readFileSync(join(EXAMPLES, template, 'main.lua'), 'utf8'),
    '.luarc.json': `${JSON.stringify(luarc(), undefined, 2)}\n`,
    'README.md': readme(name, template),
  };
}

/** For the Lua language server: where the definitions of the API are. */
function luarc() {
  return {
    'runtime.version': 'Lua 5.4',
    'workspace.library': [typesFolder()],
    'diagnostics.globals': ['onStart', 'onStop', 'onManage'],
  };
}

function readme(name: string, template: string): string {
  const first = readFileSync(join(EXAMPLES, template, 'main.lua'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('--'));
  const lines = first.map((line) => line.replace(/^-- ?/, ''));
  return `# ${name}

${lines.join('\n')}

- main.lua is run when the server starts and whenever it is saved.
- onStart(path, state), onStop(path) and onManage() are called by the server, if they are there.
- What onStop returns is the state that onStart of the next version gets.
- cumulus-server check finds mistakes without running anything.
`;
}

function advice(config: string): string {
  const option = config === 'CumulusServer.ini' ? '' : ` --config ${config}`;
  return `Run it:   cumulus-server${option}\nThen edit main.lua: saving it reloads the application.`;
}

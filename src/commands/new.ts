/**
 * `cumulus-server new NAME`: an application to start from, made from one of the examples that we ship.
 *
 * It only ever creates files: what is there already is refused, never overwritten.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPassedOver, MAIN } from '../app/discovery.js';
import { loadConfig } from '../config.js';
import { CumulusError } from '../errors.js';
import type { EngineVersion } from '../lua/engine/raw.js';
import { PACKAGE_ROOT } from '../package.js';
import { typesFolder } from './types.js';

const EXAMPLES = fileURLToPath(new URL('scripts/', PACKAGE_ROOT));

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
  if (name.split('/').some((folder) => isPassedOver(folder) || folder === MAIN)) {
    throw new CumulusError(
      'USAGE',
      `"${name}" cannot be an application's name: a folder node_modules or ${MAIN} is none`,
    );
  }
  if (!Object.hasOwn(TEMPLATES, template)) {
    throw new CumulusError(
      'USAGE',
      `there is no template "${template}"; there are: ${Object.keys(TEMPLATES).join(', ')}`,
    );
  }
  const { path, version } = settings(config);
  const folder = join(path, name);
  if (existsSync(folder)) throw new CumulusError('USAGE', `${folder} exists already: nothing was changed`);
  const files = Object.entries(filesOf(name, template, version)).map(
    ([file, text]) => [join(folder, file), text] as const,
  );
  if (!existsSync(config)) files.unshift([resolve(config), CONFIGURATION]);
  mkdirSync(folder, { recursive: true });
  const made = files.map(([file, text]) => {
    writeFileSync(file, text, { flag: 'wx' });
    return file;
  });
  return `${made.map((file) => `created ${shown(file)}`).join('\n')}\n\n${advice(config)}\n`;
}

export function listTemplates(): string {
  return `${Object.entries(TEMPLATES)
    .map(([name, what]) => `${name.padEnd(14)} ${what}`)
    .join('\n')}\n`;
}

interface Settings {
  /** Where applications are. */
  readonly path: string;
  readonly version: EngineVersion;
}

/** What the configuration says, or the one that is about to be made. */
function settings(file: string): Settings {
  if (!existsSync(file)) return { path: join(dirname(resolve(file)), 'www'), version: '5.4' };
  const { applications, lua } = loadConfig(file).config;
  return { path: applications.path, version: lua.version };
}

/** A file below the current folder by its relative name. */
function shown(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
}

const CONFIGURATION = `; Configuration of cumulus-server. Every key and its default: CumulusServer.ini.example of the package.

[applications]
; Every folder below with a main.lua is an application.
path=www

[smtp]
; Mails are written to this folder as .eml files; remove the line to send them.
outbox=outbox
`;

function filesOf(name: string, template: string, version: EngineVersion): Record<string, string> {
  const main = readFileSync(join(EXAMPLES, template, 'main.lua'), 'utf8');
  return {
    'main.lua': main,
    '.luarc.json': `${JSON.stringify(luarc(version), undefined, 2)}\n`,
    'README.md': readme(name, main),
  };
}

/** For the Lua language server: where the definitions of the API are, and which globals are the application's own. */
function luarc(version: EngineVersion) {
  return {
    'runtime.version': `Lua ${version}`,
    'workspace.library': [typesFolder()],
    // Applications are made of globals, and objects carry fields of their own.
    'diagnostics.disable': ['lowercase-global', 'inject-field'],
  };
}

/** Ten lines. The comment that begins the example says what it is; its indented line is how to try it. */
function readme(name: string, main: string): string {
  const comment = (/^(--.*\n)+/.exec(main)?.[0] ?? '').replace(/^-- ?/gm, '').trimEnd().split('\n');
  const text = comment.filter((line) => !line.startsWith('  ')).join(' ');
  const commands = comment.filter((line) => line.startsWith('  ')).map((line) => `  ${line}`);
  return `# ${name}

${text}

${commands.join('\n')}

- \`main.lua\` runs when the server starts, and again whenever it is saved.
- \`onStart(path, state)\`, \`onStop(path)\` and \`onManage()\` are called by the server, if they are there.
- What \`onStop\` returns is the \`state\` that \`onStart\` of the next version gets.
- \`cumulus-server check\` finds mistakes without running anything.
`;
}

function advice(config: string): string {
  const option = config === 'CumulusServer.ini' ? '' : ` --config ${config}`;
  return `Run it:   cumulus-server${option}\nThen edit main.lua: saving it reloads the application.`;
}

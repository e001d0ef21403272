/**
 * The command line: arguments → options, signals, exit codes.
 *
 * The only file that touches `process.exit` and `process.on`. Nothing that a user did wrong ends in a stack trace.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { checkRoot } from './app/discovery.js';
import { loadConfig } from './config.js';
import { CumulusError, ERROR_CODES, explain, messageOf } from './errors.js';
import { isJournal } from './log/outlets.js';
import { createLogger, type ManagedLogger, parseLevel } from './logger.js';
import { nearest } from './nearest.js';
import { PACKAGE_ROOT } from './package.js';
import { Server } from './server.js';
import { ServiceManager } from './service-manager.js';

interface RunOptions {
  readonly config: string;
  readonly log?: number;
}

/** npm, timeout and others pass a signal on that the terminal has sent to everybody: it is one, milliseconds. */
const SAME_MS = 100;

const CONFIG_OPTION = ['-c, --config <file>', 'configuration file', 'CumulusServer.ini'] as const;

const HELP = {
  run: `
Signals: SIGTERM, SIGINT stop (twice: at once); SIGHUP reload what has changed or failed; SIGUSR2 reopen the log files.
Exit codes: 0 stopped as asked; 1 could not run; 78 wrong usage or configuration.

Examples:
  cumulus-server                             run ./CumulusServer.ini
  cumulus-server --config /etc/cumulus-server/CumulusServer.ini
  cumulus-server --log debug                 what scripts log with DEBUG, too
  cumulus-server new hello                   make an application to start from`,
  check: `
Exit codes: 0 nothing is wrong; 78 something is.

Examples:
  cumulus-server check
  cumulus-server check --verbose --config /etc/cumulus-server/CumulusServer.ini`,
  new: `
Examples:
  cumulus-server new hello                   www/hello, from the template echo
  cumulus-server new Games/lobby --template line-protocol
  cumulus-server new --list                  the templates`,
  types: `
Examples:
  cumulus-server types                       print where the definitions are
  cumulus-server types www/types             copy them there`,
};

/** @param argv as `process.argv` */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = report(error);
  }
}

function program(): Command {
  const root = new Command('cumulus-server')
    .description('Runs folders of Lua scripts as network applications: TCP, UDP and mail, without blocking.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option(...CONFIG_OPTION)
    .option('-l, --log <level>', 'log level: 0 to 8, or a name such as error, note, info, debug', levelOf)
    .addHelpText('after', HELP.run)
    .configureOutput({ writeOut: print, writeErr: (text) => printTo(process.stderr, text) })
    .allowExcessArguments()
    .showSuggestionAfterError()
    .exitOverride()
    .action((options: RunOptions) => (root.args.length > 0 ? refuseCommand(root) : run(options)));
  for (const command of [checkCommand(), newCommand(), typesCommand()])
    root.addCommand(command.copyInheritedSettings(root).allowExcessArguments(false));
  return root;
}

function checkCommand(): Command {
  return new Command('check')
    .description('Find what is wrong with the configuration and the scripts, without running any.')
    .option(...CONFIG_OPTION)
    .option('-v, --verbose', 'also print the configuration in force')
    .addHelpText('after', HELP.check)
    .action(async (_options, command: Command) => {
      const { check } = await import('./commands/check.js');
      const { good, report: text } = await check(command.optsWithGlobals());
      print(text);
      if (!good) process.exitCode = ERROR_CODES.CONFIG;
    });
}

function newCommand(): Command {
  return new Command('new')
    .description('Make an application to start from, in the folder of the applications.')
    .argument('[name]', 'its folder, such as hello or Games/lobby')
    .option('-t, --template <name>', 'what to start from', 'echo')
    .option('--list', 'print the templates')
    .option(...CONFIG_OPTION)
    .addHelpText('after', HELP.new)
    .action(async (name: string | undefined, { list }: { list?: boolean }, command: Command) => {
      const { createApplication, listTemplates } = await import('./commands/new.js');
      if (list) return print(listTemplates());
      if (name === undefined)
        throw new CumulusError(
          'USAGE',
          'new: give the application a name, such as: cumulus-server new hello',
        );
      print(createApplication(name, command.optsWithGlobals()));
    });
}

function typesCommand(): Command {
  return new Command('types')
    .description('Print where the definitions of the API for editors are, or copy them.')
    .argument('[folder]', 'where to copy them to')
    .addHelpText('after', HELP.types)
    .action(async (folder: string | undefined) => {
      const { provideTypes } = await import('./commands/types.js');
      print(provideTypes(folder));
    });
}

/** Without the name of a command everything is an argument of the server, which takes none. */
function refuseCommand(root: Command): never {
  const [name = ''] = root.args;
  const meant = nearest(
    name,
    root.commands.map((command) => command.name()),
  );
  const hint = meant === undefined ? 'see --help' : `did you mean ${meant}?`;
  return root.error(`error: unknown command '${name}': ${hint}`);
}

function print(text: string): void {
  printTo(process.stdout, text);
}

/** Who has read enough, such as `head`, may close the pipe. */
function printTo(stream: NodeJS.WriteStream, text: string): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  stream.write(text);
}

function levelOf(text: string): number {
  const level = parseLevel(text);
  if (level !== undefined) return level;
  throw new InvalidArgumentError(
    'It must be 0 to 8, or: nothing fatal critic error warn note info debug trace.',
  );
}

async function run({ config: file, log }: RunOptions): Promise<void> {
  const { config, warnings, placeOf } = loadConfig(file, { level: log });
  checkRoot(config.applications.path, placeOf);
  const logger = createLogger(config.logs);
  const versions = `Lua ${config.lua.version}, Node ${process.versions.node}`;
  logger.note(`cumulus-server ${packageVersion()} with ${config.file} (${versions})`);
  for (const warning of warnings) logger.warn(warning);
  const server = new Server(config, logger);
  const manager = new ServiceManager(
    process.env,
    () => server.summary,
    (reason) => logger.warn(reason),
  );
  guard(logger);
  onSignals(server, manager, logger);
  // Also without a port, a timer or a watched folder: an application may be put there any time.
  const alive = setInterval(() => {}, 2 ** 31 - 1);
  try {
    await server.start();
    void manager.ready();
    await server.watch();
  } catch (error) {
    clearInterval(alive);
    await server.stop();
    await logger.close();
    throw error;
  }
}

function onSignals(server: Server, manager: ServiceManager, logger: ManagedLogger): void {
  let stoppingSince: number | undefined;
  const stop = async (signal: NodeJS.Signals) => {
    if (stoppingSince !== undefined) return stopAtOnce(signal, stoppingSince);
    stoppingSince = performance.now();
    logger.note(`${signal}: stopping`);
    await Promise.all([manager.stopping(), server.stop()]);
    logger.note('stopped');
    await logger.close();
    process.exit(0);
  };
  const stopAtOnce = (signal: NodeJS.Signals, since: number) => {
    if (performance.now() - since < SAME_MS) return;
    logger.warn(`${signal} again: ending at once`);
    logger.flushSync();
    process.exit(1);
  };
  const reload = async () => {
    logger.note('SIGHUP: reloading what has changed or failed');
    void manager.reloading();
    await server.reload();
    void manager.ready();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', reload);
  // Node would open its debugger to whoever connects.
  process.on('SIGUSR1', () => logger.note('SIGUSR1 is ignored; SIGUSR2 reopens the log files'));
  process.on('SIGUSR2', () => {
    logger.reopen();
    logger.note('SIGUSR2: log files reopened');
  });
}

/** A defect of ours must not take the daemon down silently: it is logged whole, and the supervisor restarts. */
function guard(logger: ManagedLogger): void {
  process.on('uncaughtException', (error) => {
    logger.fatal(`internal error: ${error.stack ?? messageOf(error)}`);
    logger.flushSync();
    process.exit(1);
  });
}

/** Says on stderr what is wrong: the guard would write it into a log that is closed by now. @returns the exit code */
function report(error: unknown): number {
  // Commander has written its message already; help and version are not errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ERROR_CODES.USAGE;
  const text = explain(error);
  // As an error, not as information, which is what systemd takes a line without a priority for.
  const prefix = isJournal(2, process.env) ? '<3>' : '';
  process.stderr.write(`${prefix}cumulus-server: ${text.replaceAll('\n', `\n${prefix}`)}\n`);
  return error instanceof CumulusError ? error.exitCode : 1;
}

function packageVersion(): string {
  const text = readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * The command line: arguments → options, signals, exit codes.
 *
 * The only file that touches `process.exit` and `process.on`. Nothing that a user did wrong ends in a stack trace.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { loadConfig, parseLevel } from './config.js';
import { CumulusError, messageOf } from './errors.js';
import { createLogger, type ManagedLogger } from './logger.js';
import { Server } from './server.js';

interface Options {
  readonly config: string;
  readonly log?: number;
}

const EXAMPLES = `
Examples:
  cumulus-server                                   runs ./CumulusServer.ini
  cumulus-server --config /etc/cumulus-server/CumulusServer.ini
  cumulus-server --log debug                       says more than the configuration asks for

Exit codes: 0 stopped as asked, 1 could not run, 78 wrong usage or configuration.`;

/** @param argv as `process.argv` */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await command().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = report(error);
  }
}

function command(): Command {
  return new Command('cumulus-server')
    .description('Runs folders of Lua scripts as network applications.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('-c, --config <file>', 'configuration file', 'CumulusServer.ini')
    .option(
      '-l, --log <level>',
      'log level: 0 to 8 or a name (error, warn, note, info, debug, trace)',
      levelOf,
    )
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false)
    .exitOverride()
    .action(run);
}

function levelOf(text: string): number {
  const level = parseLevel(text);
  if (level === undefined)
    throw new InvalidArgumentError(
      'It must be 0 to 8, or one of: nothing fatal critic error warn note info debug trace.',
    );
  return level;
}

async function run(options: Options): Promise<void> {
  const { config, warnings } = loadConfig(options.config, { level: options.log });
  const logger = createLogger(config.logs);
  logger.note(
    `cumulus-server ${packageVersion()} with ${config.file} (Lua ${config.lua.version}, Node ${process.versions.node})`,
  );
  for (const warning of warnings) logger.warn(warning);
  const server = new Server(config, logger);
  guard(logger);
  onSignals(server, logger);
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    await logger.close();
    throw error;
  }
}

function onSignals(server: Server, logger: ManagedLogger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) {
      logger.warn(`${signal} again: ending at once`);
      logger.flushSync();
      process.exit(1);
    }
    stopping = true;
    logger.note(`${signal}: stopping`);
    void server.stop().then(async () => {
      logger.note('stopped');
      await logger.close();
      process.exit(0);
    });
  };
  process.on('SIGHUP', () => {
    logger.note('SIGHUP: reloading what has changed');
    void server.refresh();
  });
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** A defect of ours must not take the daemon down silently: it is logged whole, and the supervisor restarts. */
function guard(logger: ManagedLogger): void {
  process.on('uncaughtException', (error) => {
    logger.fatal(`internal error: ${error.stack ?? messageOf(error)}`);
    logger.flushSync();
    process.exit(1);
  });
}

/** Says on stderr what is wrong. @returns the exit code */
function report(error: unknown): number {
  // Commander has written its message already; help and version are not errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 78;
  if (!(error instanceof CumulusError)) throw error;
  process.stderr.write(`cumulus-server: ${error.message}\n`);
  return error.exitCode;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * The table of known keys: section, key, type with its unit, default, meaning. Everything that is said about a key – the
 * Config type, the errors, the README's table, the check of the example – comes from here.
 *
 * A default is the text that one would write in the file and is read by the same type. Keys that are not here
 * belong to the scripts.
 */
import {
  anyText,
  applicationPaths,
  boolean,
  bytes,
  fileName,
  folder,
  host,
  integer,
  level,
  oneOf,
  optional,
  seconds,
  type ValueType,
} from './values.js';

export interface Key<T = unknown> {
  readonly type: ValueType<T>;
  /** As it is written in the file; empty: not set. */
  readonly default: string;
  readonly meaning: string;
  /** Never to be shown. */
  readonly secret?: true;
}

const DAY = 86_400;

const applications = {
  path: { type: folder, default: 'www', meaning: 'Folder of the Lua applications, relative to this file.' },
  required: {
    type: applicationPaths,
    default: '',
    meaning: 'Applications without which the server does not start, separated by commas.',
  },
};

const smtp = {
  host: { type: host, default: 'localhost', meaning: 'Server that takes the mail of the scripts.' },
  port: { type: integer(1, 65_535), default: '25', meaning: 'Port of that server.' },
  timeout: {
    type: seconds(1, DAY),
    default: '60',
    meaning:
      'Silence of that server after which a mail has failed, and idle time after which a session is closed.',
  },
  secure: { type: boolean, default: 'false', meaning: 'TLS from the first byte (usually with port 465).' },
  starttls: {
    type: oneOf('auto', 'required', 'never'),
    default: 'auto',
    meaning: 'Change to TLS by STARTTLS: if the server offers it, or fail without it, or not at all.',
  },
  user: { type: optional(anyText), default: '', meaning: 'User to log in as; not set: no login.' },
  password: { type: optional(anyText), default: '', meaning: 'Password of that user.', secret: true },
  outbox: {
    type: optional(folder),
    default: '',
    meaning: 'Folder, relative to this file: each mail is written there as an .eml file and none is sent.',
  },
} as const;

const logs = {
  level: { type: level, default: 'info', meaning: 'The least important lines that are still shown.' },
  format: {
    type: oneOf('auto', 'text', 'json'),
    default: 'auto',
    meaning:
      'Format of the lines, in the log files too. auto: text, with colours on a terminal, with priorities in the journal.',
  },
  directory: {
    type: optional(folder),
    default: '',
    meaning: 'Folder of the log files, relative to this file; not set: no log files.',
  },
  name: { type: fileName, default: 'log', meaning: 'Name of the log files: name.0 is the newest.' },
  size: { type: bytes(1, '1G'), default: '1000000', meaning: 'Size at which a new log file begins.' },
  files: { type: integer(1, 1000, 'files'), default: '10', meaning: 'Old log files that are kept.' },
};

const lua = {
  version: { type: oneOf('5.4', '5.1'), default: '5.4', meaning: 'Version of Lua that the scripts run in.' },
  timeout: {
    type: integer(0, 3_600_000, 'ms'),
    default: '5000',
    meaning: 'Time after which a call into a script is ended with an error; 0: none.',
  },
  abort: {
    type: seconds(0, DAY),
    default: '60',
    meaning: 'Time after which the process ends, if a call into a script could not be ended; 0: never.',
  },
  memory: { type: integer(32, 2048, 'MiB'), default: '256', meaning: 'Memory of one application at most.' },
  files: {
    type: oneOf('applications', 'any', 'none'),
    default: 'applications',
    meaning: 'Files that scripts may open: in the folder of the applications, everywhere, nowhere.',
  },
};

const tcp = {
  receiveLimit: {
    type: bytes(1, '2G'),
    default: '16M',
    meaning: 'Received and kept by onReception, for one connection, at most.',
  },
  sendLimit: {
    type: bytes(1, '2G'),
    default: '64M',
    meaning: 'Sent by a script and not yet taken by the peer, for one connection, at most.',
  },
  totalLimit: {
    type: bytes(1, '1024G'),
    default: '1G',
    meaning:
      'Both together for all connections, at most; a connection with less than 64k is never refused for it.',
  },
  connectTimeout: {
    type: seconds(0, DAY),
    default: '30',
    meaning: 'Time for a connection to be established; 0: as long as the system tries.',
  },
  idleTimeout: {
    type: seconds(0, DAY),
    default: '0',
    meaning: 'Silence in both directions after which a connection is closed; 0: never.',
  },
};

const reload = {
  enabled: {
    type: boolean,
    default: 'true',
    meaning: 'Reload an application when one of its files changes.',
  },
  delay: {
    type: integer(0, 60_000, 'ms'),
    default: '100',
    meaning: 'Quiet time after a change before the reload.',
  },
  drain: {
    type: seconds(0, DAY),
    default: '0',
    meaning: 'Time that open connections of the old version are given to end by themselves.',
  },
};

export const KEYS = { applications, smtp, logs, lua, tcp, reload } as const;

type Value<K> = K extends { readonly type: ValueType<infer T> } ? T : never;
type Section<S> = {
  readonly [K in keyof S as undefined extends Value<S[K]> ? never : K]: Value<S[K]>;
} & {
  readonly [K in keyof S as undefined extends Value<S[K]> ? K : never]?: Exclude<Value<S[K]>, undefined>;
};

/** The values of all known keys, in the units of the table; folders are absolute. */
export type Settings = { readonly [S in keyof typeof KEYS]: Section<(typeof KEYS)[S]> };

/** The same table as names: for those who look a name up that a user wrote. */
export const KNOWN: ReadonlyMap<string, ReadonlyMap<string, Key>> = new Map(
  Object.entries(KEYS).map(([section, keys]) => [section, new Map<string, Key>(Object.entries(keys))]),
);

/**
 * TCPClient objects: `cumulus:createTCPClient()`, and what a server's `clientHandler` is given.
 * Specification: "TCP Client" of the documented page, and reference-behaviour.md, "TCP client".
 */
import type { Connection, Unread } from '../../net/connection.js';
import { TcpClient, type TcpHandler } from '../../net/tcp-client.js';
import type { Handle, Handles } from '../handles.js';
import { LuaError } from '../lua-error.js';
import type { ClassDefinition, ObjectClass } from '../object-class.js';
import type { Resource } from '../open-objects.js';
import type { Stack } from '../stack.js';
import type { LuaVm } from '../vm.js';
import type { ApiContext } from './context.js';
import { bytesRead, pushBytes, pushNothing, pushRead } from './push.js';

export class TcpClientObject implements TcpHandler, Resource {
  readonly role = 'connection';
  readonly client: TcpClient;
  readonly #api: ApiContext;
  readonly #handles: Handles;
  readonly #handle: Handle<TcpClientObject>;
  #limitReported = false;

  /** Pushes the object. @param connection what a server has accepted */
  constructor(api: ApiContext, objectClass: ObjectClass<TcpClientObject>, connection?: Connection) {
    this.#api = api;
    this.#handles = api.handles;
    // Before the socket reports to this object: making the handle can run out of memory.
    this.#handle = api.handles.create<TcpClientObject>(objectClass, this);
    if (connection) api.handles.open.retain(this.#handle, -1);
    this.client = connection
      ? TcpClient.accepted(api.network, this, connection)
      : new TcpClient(api.network, this);
  }

  get handle(): Handle<TcpClientObject> {
    return this.#handle;
  }

  onReception(bytes: Buffer): number {
    const keep = this.#handles.emit(this.#handle, 'onReception', pushBytes, bytes, undefined);
    return this.judge(keep, bytes.length);
  }

  onUnread(unread: Unread): Buffer {
    return this.#handles.emitFor(this.#handle, 'onReception', pushRead, unread, this, keptOf, NOTHING);
  }

  onDisconnection(): void {
    this.#limitReported = false;
    const { error, overLimit } = this.client;
    if (overLimit && error !== undefined) this.#api.log.report('error', error);
    this.#handles.emit(this.#handle, 'onDisconnection', pushNothing, undefined, undefined);
    // A handler that has connected again keeps the object open.
    if (!this.client.connected) this.#handles.open.release(this.#handle);
  }

  onDrain(): void {
    this.#limitReported = false;
    this.#handles.emit(this.#handle, 'onDrain', pushNothing, undefined, undefined);
  }

  connect(stack: Stack): number {
    const error = this.#connect(stack);
    if (this.client.connected) this.#handles.open.retainOpen(this.#handle, 1);
    else this.#handles.open.release(this.#handle);
    return error === undefined ? 0 : stack.pushText(error);
  }

  send(stack: Stack): number {
    const bytes = stack.bytes(2);
    if (!bytes) return sendable(stack);
    const error = bytes.length === 0 ? undefined : this.client.send(bytes);
    if (error === undefined) return 0;
    if (this.client.connected) this.#reportLimit(error);
    else this.#api.log.atCaller('error', error);
    return stack.pushText(error);
  }

  abandon(): void {
    this.client.abandon();
  }

  #connect(stack: Stack): string | undefined {
    const host = stack.isString(2) ? stack.text(2) : undefined;
    const port = stack.number(3);
    const valid = port !== undefined && Number.isInteger(port) && port >= 1 && port <= 65_535;
    if (host !== undefined && valid) return this.client.connect(host, port);
    return this.client.fail(
      host === undefined
        ? `bad host ${stack.describe(2)}: must be a string`
        : `bad port ${stack.describe(3)}: must be an integer from 1 to 65535`,
    );
  }

  /** Once until it is over: a peer that does not read must not fill the log as well. */
  #reportLimit(error: string): void {
    if (!this.#limitReported) this.#api.log.atCaller('error', error);
    this.#limitReported = true;
  }

  /**
   * How many bytes are kept when `onReception` returns `keep`: all for what is outside of 0 to `length`; NaN and infinity
   * keep nothing.
   */
  judge(keep: number, length: number): number {
    if (keep === 0) return 0;
    if (keep > 0 && keep <= length) return Math.trunc(keep);
    const whole = Math.trunc(keep);
    if (!Number.isFinite(keep) || whole === 0) return 0;
    if (whole === length) return length;
    this.#api.log.report('warn', `onReception returned ${keep}, but there are ${length} bytes: all are kept`);
    return length;
  }
}

const NOTHING = Buffer.alloc(0);

function keptOf(vm: LuaVm, _unread: Unread, object: TcpClientObject): Buffer {
  const result = vm.raw.tonumber(vm.L, -1);
  const keep = result === 0 ? 0 : object.judge(result, bytesRead(vm).length);
  return keep === 0 ? NOTHING : Buffer.from(bytesRead(vm).subarray(-keep));
}

/** nil sends nothing; what is neither nil nor text is a mistake. */
function sendable(stack: Stack): 0 {
  if (!stack.isNil(2))
    throw new LuaError(`send: data must be a string or a number, not ${stack.describe(2)}`);
  return 0;
}

export const tcpClientClass: ClassDefinition<TcpClientObject> = {
  name: 'TCPClient',
  methods: {
    connect: (object, stack) => object.connect(stack),
    disconnect: (object) => object.client.disconnect(),
    send: (object, stack) => object.send(stack),
    pause: (object) => object.client.pause(),
    resume: (object) => object.client.resume(),
  },
  properties: {
    connected: { get: ({ client }, stack) => stack.pushBoolean(client.connected) },
    address: { get: ({ client }, stack) => stack.pushBinary(client.address) },
    peerAddress: { get: ({ client }, stack) => stack.pushBinary(client.peerAddress) },
    error: { get: ({ client }, stack) => stack.pushText(client.error) },
    pending: { get: ({ client }, stack) => stack.pushNumber(client.pending), addition: true },
    idleTimeout: {
      get: ({ client }, stack) => stack.pushNumber(client.idleTimeout),
      set: ({ client }, stack) => {
        client.idleTimeout = secondsAt(stack, 'idleTimeout');
      },
    },
  },
};

/** The most that a timer of Node can wait, in seconds. */
const MAX_SECONDS = 2_147_483;

function secondsAt(stack: Stack, property: string): number {
  const seconds = stack.number(2);
  if (seconds !== undefined && seconds >= 0 && seconds <= MAX_SECONDS) return seconds;
  throw new LuaError(`${property} = ${stack.describe(2)}: must be seconds, 0 (never) to ${MAX_SECONDS}`);
}

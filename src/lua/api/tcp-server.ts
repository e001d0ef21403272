/**
 * TCPServer objects: `cumulus:createTCPServer()`.
 * Specification: "TCP Server" of the documented page, and reference-behaviour.md, "TCP server".
 */
import { counted } from '../../counted.js';
import type { Connection } from '../../net/connection.js';
import { TcpServer, type TcpServerHandler } from '../../net/tcp-server.js';
import type { Handle } from '../handles.js';
import { LuaError } from '../lua-error.js';
import type { ClassDefinition, ObjectClass } from '../object-class.js';
import type { Resource } from '../open-objects.js';
import type { Stack } from '../stack.js';
import type { ApiContext } from './context.js';
import { pushObject } from './push.js';
import { TcpClientObject } from './tcp-client.js';

export class TcpServerObject implements TcpServerHandler, Resource {
  readonly role = 'listener';
  readonly server: TcpServer;
  readonly #api: ApiContext;
  readonly #clients: ObjectClass<TcpClientObject>;
  readonly #handle: Handle<TcpServerObject>;
  #refusalReported = false;

  /** Pushes the object. @param clients the class of what it accepts */
  constructor(
    api: ApiContext,
    objectClass: ObjectClass<TcpServerObject>,
    clients: ObjectClass<TcpClientObject>,
  ) {
    this.#api = api;
    this.#clients = clients;
    this.server = new TcpServer(api.network, this);
    this.#handle = api.handles.create<TcpServerObject>(objectClass, this);
  }

  start(stack: Stack): number {
    const port = stack.number(2);
    const problem = portProblem(port, stack);
    if (problem === undefined && port !== undefined) return stack.pushBoolean(this.#start(port));
    this.#api.log.atCaller('error', `TCPServer.start: ${problem}`);
    return stack.pushBoolean(false);
  }

  stop(): void {
    this.server.stop();
    this.#api.handles.open.release(this.#handle);
  }

  onConnection(connection: Connection): void {
    const { handles, vm } = this.#api;
    if (!vm.enter('clientHandler')) return connection.destroy();
    try {
      if (!handles.handles(this.#handle, 'clientHandler')) return this.#refuse(connection);
      const object = new TcpClientObject(this.#api, this.#clients, connection);
      handles.emit(this.#handle, 'clientHandler', pushObject, object.handle, undefined);
    } catch (error) {
      // Making the object can run out of memory.
      connection.destroy();
      vm.fail(error);
    } finally {
      vm.leave();
    }
  }

  onDropped(count: number): void {
    this.#api.log.report(
      'warn',
      `port ${this.server.port}: ${counted(count, 'connection')} closed, maxConnections is ${this.server.maxConnections}`,
    );
  }

  onError(reason: string): void {
    this.#api.log.report('error', `TCP server: ${reason}`);
  }

  abandon(): void {
    this.server.stop();
  }

  park(): void {
    this.server.park();
  }

  /** Said once: what connects is not the script's to choose. */
  #refuse(connection: Connection): void {
    connection.destroy();
    if (this.#refusalReported) return;
    this.#refusalReported = true;
    this.#api.log.report(
      'warn',
      `port ${this.server.port}: a connection was closed, because the server has no function clientHandler(client)`,
    );
  }

  #start(port: number): boolean {
    const { log } = this.#api;
    const origin = log.captureOrigin();
    const started = this.server.start(port, (reason) =>
      log.logAt('error', `TCPServer.start: ${reason}`, origin),
    );
    if (started) this.#api.handles.open.retainOpen(this.#handle, 1);
    return started;
  }
}

function portProblem(port: number | undefined, stack: Stack): string | undefined {
  if (port === 0) return 'port have to be superior to 0';
  if (port !== undefined && Number.isInteger(port) && port > 0 && port <= 65_535) return undefined;
  return `bad port ${stack.describe(2)}: must be an integer from 1 to 65535`;
}

export const tcpServerClass: ClassDefinition<TcpServerObject> = {
  name: 'TCPServer',
  methods: {
    start: (object, stack) => object.start(stack),
    stop: (object) => object.stop(),
  },
  properties: {
    port: { get: ({ server }, stack) => stack.pushNumber(server.port) },
    running: { get: ({ server }, stack) => stack.pushBoolean(server.running) },
    connections: { get: ({ server }, stack) => stack.pushNumber(server.connections), addition: true },
    maxConnections: {
      get: ({ server }, stack) => (server.maxConnections === 0 ? 0 : stack.pushNumber(server.maxConnections)),
      set: ({ server }, stack) => {
        server.maxConnections = stack.isNil(2) ? 0 : countAt(stack);
      },
    },
  },
};

function countAt(stack: Stack): number {
  const count = stack.number(2);
  if (count !== undefined && Number.isInteger(count) && count >= 0) return count;
  throw new LuaError(`maxConnections = ${stack.describe(2)}: must be a whole number, or nil for no limit`);
}

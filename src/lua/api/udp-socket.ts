/**
 * UDPSocket objects: `cumulus:createUDPSocket([allowBroadcast])`.
 * Specification: "UDP Socket" of the documented page, and reference-behaviour.md, "UDP socket".
 */
import { counted } from '../../counted.js';
import type { Origin } from '../../logger.js';
import type { Sender } from '../../net/address-book.js';
import { type UdpHandler, UdpSocket } from '../../net/udp-socket.js';
import { LUA_TNIL, LUA_TSTRING } from '../engine/raw.js';
import type { Handle } from '../handles.js';
import { LuaError } from '../lua-error.js';
import type { ClassDefinition, ObjectClass } from '../object-class.js';
import type { Resource } from '../open-objects.js';
import type { Stack } from '../stack.js';
import type { ApiContext } from './context.js';
import { SenderTexts } from './sender-texts.js';

export class UdpSocketObject implements UdpHandler, Resource {
  readonly role = 'listener';
  readonly socket: UdpSocket;
  readonly #api: ApiContext;
  readonly #handle: Handle<UdpSocketObject>;
  readonly #senders: SenderTexts;
  /** Where the script has called `connect` last. */
  #connectedAt: Origin = {};

  /** Pushes the object. */
  constructor(api: ApiContext, objectClass: ObjectClass<UdpSocketObject>, broadcast: boolean) {
    this.#api = api;
    this.#senders = new SenderTexts(api.vm);
    this.socket = new UdpSocket(api.network, this, broadcast);
    this.#handle = api.handles.create<UdpSocketObject>(objectClass, this);
  }

  onReception(bytes: Buffer, sender: Sender): void {
    this.#api.handles.emit(this.#handle, 'onReception', this.#senders.pushDatagram, bytes, sender);
  }

  onError(reason: string): void {
    if (!this.socket.open) this.#release();
    this.#api.log.report('error', `UDPSocket: ${reason}`);
  }

  onConnectFailed(reason: string): void {
    if (!this.socket.open) this.#release();
    this.#api.log.logAt('error', `UDPSocket.connect: ${reason}`, this.#connectedAt);
  }

  onDropped(count: number): void {
    const { sendLimit } = this.#api.network.limits;
    this.#api.log.report(
      'warn',
      `UDPSocket: ${counted(count, 'datagram')} dropped, more than ${sendLimit} bytes were pending`,
    );
  }

  bind(stack: Stack): number {
    const address = stack.isString(2) ? stack.text(2) : undefined;
    const error = address === undefined ? this.#badAddress(stack, 2) : this.socket.bind(address);
    this.#keep();
    return error === undefined ? 0 : stack.pushText(error);
  }

  connect(stack: Stack): void {
    const address = stack.isString(2) ? stack.text(2) : undefined;
    this.#connectedAt = this.#api.log.captureOrigin();
    const error = address === undefined ? this.#badAddress(stack, 2) : this.socket.connect(address);
    this.#keep();
    if (error !== undefined) this.#api.log.atCaller('error', `UDPSocket.connect: ${error}`);
  }

  send(stack: Stack): void {
    const error = this.#send(stack);
    this.#keep();
    if (error !== undefined) this.#api.log.atCaller('error', `UDPSocket.send: ${error}`);
  }

  close(): void {
    this.socket.close();
    this.#release();
  }

  abandon(): void {
    this.socket.close();
    this.#senders.forget();
  }

  park(): void {
    this.socket.park();
    this.#senders.forget();
  }

  #send(stack: Stack): string | undefined {
    const type = stack.type(3);
    if (type > LUA_TNIL && type !== LUA_TSTRING) return this.#badAddress(stack, 3);
    const address = type === LUA_TSTRING ? (this.#senders.at(3) ?? stack.binary(3)) : undefined;
    const bytes = stack.bytes(2);
    if (bytes) return this.socket.send(bytes, address);
    if (stack.isNil(2)) return undefined;
    throw new LuaError(`send: data must be a string or a number, not ${stack.describe(2)}`);
  }

  #badAddress(stack: Stack, i: number): string {
    return stack.isNil(i)
      ? 'no address: must be "host:port"'
      : `bad address ${stack.describe(i)}: must be "host:port"`;
  }

  /** An open socket stays open until it is closed by someone, whatever refers to it. */
  #keep(): void {
    if (this.socket.open) this.#api.handles.open.retainOpen(this.#handle, 1);
    else this.#release();
  }

  #release(): void {
    this.#senders.forget();
    this.#api.handles.open.release(this.#handle);
  }
}

export const udpSocketClass: ClassDefinition<UdpSocketObject> = {
  name: 'UDPSocket',
  methods: {
    bind: (object, stack) => object.bind(stack),
    connect: (object, stack) => object.connect(stack),
    send: (object, stack) => object.send(stack),
    close: (object) => object.close(),
  },
  properties: {
    address: { get: ({ socket }, stack) => stack.pushBinary(socket.address) },
    peerAddress: { get: ({ socket }, stack) => stack.pushBinary(socket.peerAddress) },
    pending: { get: ({ socket }, stack) => stack.pushNumber(socket.pending), addition: true },
  },
};

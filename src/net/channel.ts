/**
 * How datagrams leave and come in by a bound socket: by Node's handle, or by `dgram`'s public API where that is not as
 * it is known.
 *
 * On the handle a datagram that the kernel takes at once – nearly every one – costs no object and no callback.
 */
import type { RemoteInfo, Socket } from 'node:dgram';
import { getSystemErrorName } from 'node:util';
import { type Datagrams, datagramHandle, findDatagrams, type Request, type UdpHandle } from './native.js';

export interface ChannelEvents {
  /** @param bytes the receiver's to keep */
  onMessage(bytes: Buffer, from: RemoteInfo): void;
  /** What was sent has not left. Never called by `send` itself. */
  onSendError(error: NodeJS.ErrnoException): void;
}

export interface Channel {
  /**
   * @param bytes must not change until they have left
   * @param host an address of the socket's family
   * @returns true when they have left, or never will: their memory is free
   */
  send(bytes: Uint8Array, port: number, host: string): boolean;
}

/** @param socket is bound */
export type OpenChannel = (socket: Socket, events: ChannelEvents) => Channel;

/** @param allowPrivate false: by the public API alone */
export function createOpenChannel(allowPrivate = true): OpenChannel {
  const datagrams = allowPrivate ? findDatagrams() : undefined;
  if (!datagrams) return (socket, events) => new SocketChannel(socket, events);
  return (socket, events) => {
    const handle = datagramHandle(socket);
    return handle ? new HandleChannel(datagrams, handle, events) : new SocketChannel(socket, events);
  };
}

class SocketChannel implements Channel {
  readonly #socket: Socket;
  readonly #onSent: (error: Error | null) => void;

  constructor(socket: Socket, events: ChannelEvents) {
    this.#socket = socket;
    this.#onSent = (error) => {
      if (error) events.onSendError(error);
    };
    socket.on('message', (bytes, from) => events.onMessage(bytes, from));
  }

  send(bytes: Uint8Array, port: number, host: string): boolean {
    this.#socket.send(bytes, port, host, this.#onSent);
    return false;
  }
}

class HandleChannel implements Channel {
  readonly #datagrams: Datagrams;
  readonly #handle: UdpHandle;
  readonly #events: ChannelEvents;
  #spare: Request | undefined;
  /** Of one datagram, used again. */
  #list: Uint8Array[] = [];

  constructor(datagrams: Datagrams, handle: UdpHandle, events: ChannelEvents) {
    this.#datagrams = datagrams;
    this.#handle = handle;
    this.#events = events;
    const onError = handle.onmessage;
    handle.onmessage = function (status, self, bytes, from) {
      if (status < 0 || !bytes || !from) onError.call(this, status, self, bytes, from);
      else events.onMessage(bytes, from);
    };
  }

  send(bytes: Uint8Array, port: number, host: string): boolean {
    const request = this.#spare ?? new this.#datagrams.SendWrap();
    this.#spare = undefined;
    this.#list[0] = bytes;
    const status = this.#handle.send(request, this.#list, 1, port, host, true);
    if (status > 0) {
      this.#spare = request;
      return true;
    }
    if (status < 0) {
      process.nextTick(() => this.#fail(status, port, host));
      return true;
    }
    request.kept = this.#list;
    this.#list = [];
    request.oncomplete = (late) => {
      if (late < 0) this.#fail(late, port, host);
    };
    return false;
  }

  #fail(status: number, port: number, address: string): void {
    const code = getSystemErrorName(status);
    this.#events.onSendError(Object.assign(new Error(code), { code, port, address }));
  }
}

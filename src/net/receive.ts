/**
 * How the bytes of a connection come in: read by the kernel into one buffer shared by all connections, without an
 * allocation, a Buffer or a stream event for each read (net.Socket's `onread`).
 *
 * `onread` is public for sockets that we connect. For accepted ones Node has no public way to ask for it, so the same
 * three fields are set on the socket that its constructor would have set; they are found by what they hold, not by
 * name. Where they are not found, accepted sockets use 'data' events, which only cost more.
 */
import { Socket } from 'node:net';

/** Called with `this` = the socket. False stops reading until `resume()`. */
export type OnRead = (this: Socket, count: number, buffer: Uint8Array) => boolean;

interface HandleOwner {
  _handle?: { useUserBuffer?: (buffer: Uint8Array) => void } | null;
}

/** Puts an accepted socket into the mode that `onread` gives a connecting one. */
export type Attach = (socket: Socket, buffer: Buffer, onRead: OnRead) => void;

export function createAttach(allowPrivate = true): Attach {
  const fields = allowPrivate ? findFields() : undefined;
  if (!fields) return attachData;
  return (socket, buffer, onRead) => {
    const handle = (socket as unknown as HandleOwner)._handle;
    if (typeof handle?.useUserBuffer !== 'function') return attachData(socket, buffer, onRead);
    const slots = socket as unknown as Record<symbol, unknown>;
    slots[fields.buffer] = buffer;
    slots[fields.callback] = onRead;
    handle.useUserBuffer(buffer);
  };
}

interface Fields {
  readonly buffer: symbol;
  readonly callback: symbol;
}

function findFields(): Fields | undefined {
  const buffer = Buffer.allocUnsafeSlow(1);
  const callback = () => true;
  const probe = new Socket({ onread: { buffer, callback } } as object);
  const slots = probe as unknown as Record<symbol, unknown>;
  const holding = (value: unknown) => Object.getOwnPropertySymbols(probe).find((key) => slots[key] === value);
  const found = { buffer: holding(buffer), callback: holding(callback) };
  probe.destroy();
  return found.buffer && found.callback ? (found as Fields) : undefined;
}

function attachData(socket: Socket, _buffer: Buffer, onRead: OnRead): void {
  socket.on('data', (chunk: Buffer) => {
    if (!onRead.call(socket, chunk.length, chunk)) socket.pause();
  });
}

/**
 * Keeps this process on this machine: nothing leaves it over the network, whatever a script asks for.
 *
 * It stands in for Node's look-up of names, where only "localhost" exists, and for connecting and sending, where every
 * other address is unreachable, as on a machine without a network. Invariant: loopback is not touched.
 */
import dgram from 'node:dgram';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

type Lookup = (
  host: string,
  options: unknown,
  callback: (error: Error | null, ...found: unknown[]) => void,
) => void;
type Any = (this: unknown, ...values: unknown[]) => unknown;

/** Call once in a file, which is a process of its own. @returns every place elsewhere that was asked for */
export function stayOnLoopback(): string[] {
  const asked: string[] = [];
  guardNames(asked);
  guardConnections(asked);
  guardDatagrams(asked);
  syncBuiltinESMExports();
  return asked;
}

function guardNames(asked: string[]): void {
  const lookup = dns.lookup as unknown as Lookup;
  const guarded: Lookup = (host, options, callback) => {
    if (isHere(host)) return lookup(host, options, callback);
    asked.push(host);
    process.nextTick(callback, systemError('ENOTFOUND', `getaddrinfo ENOTFOUND ${host}`));
  };
  Object.assign(dns, { lookup: guarded });
}

function guardConnections(asked: string[]): void {
  const connect = net.Socket.prototype.connect as Any;
  function guarded(this: net.Socket, ...values: unknown[]): unknown {
    const first = Array.isArray(values[0]) ? values[0][0] : values[0];
    const host: unknown = (first as { host?: unknown }).host ?? 'localhost';
    if (typeof host !== 'string' || net.isIP(host) === 0 || isHere(host)) return connect.apply(this, values);
    asked.push(host);
    this.destroy(systemError('ENETUNREACH', `connect ENETUNREACH ${host}`));
    return this;
  }
  Object.assign(net.Socket.prototype, { connect: guarded });
}

function guardDatagrams(asked: string[]): void {
  const send = dgram.Socket.prototype.send as Any;
  function guarded(this: dgram.Socket, ...values: unknown[]): unknown {
    const host = values.findLast((value) => typeof value === 'string');
    if (typeof host !== 'string' || net.isIP(host) === 0 || isHere(host)) return send.apply(this, values);
    asked.push(host);
    const callback = values.at(-1);
    if (typeof callback === 'function')
      process.nextTick(callback, systemError('ENETUNREACH', `send ENETUNREACH ${host}`));
    return undefined;
  }
  Object.assign(dgram.Socket.prototype, { send: guarded });
}

function isHere(host: string): boolean {
  const plain = host.replace(/^::ffff:/i, '');
  return /^(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1?)$/i.test(plain);
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

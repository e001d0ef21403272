/** A connection with a client of ours at one end and a peer at the other. */
import type { NetworkLimits } from '../../src/net/network.js';
import type { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { Peer, PeerServer } from '../support/tcp.js';
import { Bench, type Recorder } from './sockets.js';

/** Ours is the one that connects, or the one that is accepted. */
export const KINDS = ['connecting', 'accepted'] as const;
export type Kind = (typeof KINDS)[number];

export interface Connected {
  readonly recorder: Recorder;
  readonly peer: Peer;
  readonly bench: Bench;
}

export async function connected(
  kind: Kind,
  closing: ReturnType<typeof closeAfterEach>,
  limits: Partial<NetworkLimits> = {},
): Promise<Connected> {
  const bench = closing(new Bench(limits));
  if (kind === 'connecting') {
    const listening = closing(await PeerServer.listen());
    const recorder = bench.client();
    recorder.client.connect('127.0.0.1', listening.port);
    return { recorder, peer: await listening.next(), bench };
  }
  const { server, next } = bench.server();
  const port = await freePort();
  if (!server.start(port, () => {})) throw new Error(`cannot listen on ${port}`);
  const peer = closing(await Peer.connect(port));
  return { recorder: await next(), peer, bench };
}

let count = 0;

/** No two of them are equal anywhere. */
export function text(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i + 4 <= size; i += 4) bytes.writeUInt32LE(count++, i);
  return bytes;
}

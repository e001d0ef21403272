/**
 * The service manager's end of NOTIFY_SOCKET: a real datagram socket. Node has none of that kind, so python3 holds it.
 */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Closes the descriptors that come along: systemd-notify waits for that to know that it has been heard. */
const RECEIVER = `
import array, json, os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("[]", flush=True)
while True:
    data, control, _, _ = s.recvmsg(65536, 1024)
    for level, kind, payload in control:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds = array.array("i"); fds.frombytes(payload[:len(payload) - len(payload) % 4])
            for fd in fds: os.close(fd)
    print(json.dumps([time.time() * 1000, data.decode()]), flush=True)
`;

export interface Message {
  /** When it came, milliseconds since 1970. */
  readonly time: number;
  /** Its assignments: READY → 1. */
  readonly values: Readonly<Record<string, string>>;
}

export function canNotify(): boolean {
  return runs('python3') && runs('systemd-notify');
}

function runs(command: string): boolean {
  return spawnSync(command, ['--version']).status === 0;
}

export class NotifySocket {
  readonly path: string;
  readonly messages: Message[] = [];
  readonly #folder: string;
  readonly #child: ChildProcessByStdio<null, Readable, null>;
  #waiting: (() => void)[] = [];

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'cumulus-notify-'));
    this.path = join(this.#folder, 'notify');
    this.#child = spawn('python3', ['-c', RECEIVER, this.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  /** Resolves when the socket is bound. */
  static async open(): Promise<NotifySocket> {
    const receiver = new NotifySocket();
    const lines = createInterface(receiver.#child.stdout);
    await once(lines, 'line');
    lines.on('line', (line) => receiver.#add(line));
    return receiver;
  }

  /** Resolves with the first message, from index `from` on, that sets `name`, to `value` if that is given. */
  async waitFor(name: string, value?: string, from = 0): Promise<Message> {
    for (;;) {
      const found = this.messages
        .slice(from)
        .find(({ values }) => name in values && (value === undefined || values[name] === value));
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close');
    rmSync(this.#folder, { recursive: true });
  }

  #add(line: string): void {
    const [time, text] = JSON.parse(line) as [number, string];
    const values = Object.fromEntries(text.split('\n').map(splitAssignment));
    // systemd-notify's own question whether it has been heard.
    if (!('BARRIER' in values)) this.messages.push({ time, values });
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function splitAssignment(line: string): [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

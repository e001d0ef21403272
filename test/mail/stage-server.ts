/**
 * A small SMTP server over real sockets that can be told, for every stage of every connection, to hang, to drop the
 * connection, or to answer something of its own: `smtp-server` gives no hand in most of the stages.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { HOST } from './mail-server.js';

export type Stage =
  | 'greeting'
  | 'EHLO'
  | 'STARTTLS'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'body'
  | 'RSET'
  | 'QUIT';

/** What to do in place of the ordinary answer; a text is the answer itself. */
export type Behaviour = 'hang' | 'drop' | (string & {}) | undefined;

const ANSWERS: Readonly<Record<Stage, string>> = {
  greeting: '220 ready',
  EHLO: '250 stages',
  STARTTLS: '220 go ahead',
  AUTH: '235 welcome',
  MAIL: '250 ok',
  RCPT: '250 ok',
  DATA: '354 go ahead',
  body: '250 taken',
  RSET: '250 ok',
  QUIT: '221 bye',
};

export class StageServer {
  /** The lines that came, with the number of the connection: "1 MAIL FROM:<a@x.org>". */
  readonly lines: string[] = [];
  /** The bodies that were completely received, taken or not. */
  readonly bodies: string[] = [];
  readonly sockets: Socket[] = [];
  readonly #server: Server;
  readonly #behaviour: (stage: Stage, connection: number, line: string) => Behaviour;

  private constructor(behaviour: (stage: Stage, connection: number, line: string) => Behaviour) {
    this.#behaviour = behaviour;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async start(
    behaviour: (stage: Stage, connection: number, line: string) => Behaviour = () => undefined,
    port = 0,
  ): Promise<StageServer> {
    const server = new StageServer(behaviour);
    server.#server.listen(port, HOST);
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How often a line that begins so has come. */
  count(start: string): number {
    return this.lines.filter((line) => line.replace(/^\d+ /, '').startsWith(start)).length;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket): void {
    const connection = this.sockets.push(socket);
    let rest = '';
    let body: string[] | undefined;
    socket.on('error', () => {});
    this.#answer(socket, 'greeting', connection, '');
    const take = (line: string) => {
      if (!body) {
        this.lines.push(`${connection} ${line}`);
        const stage = (/^\w+/.exec(line)?.[0] ?? '') as Stage;
        if (this.#answer(socket, stage, connection, line) && stage === 'DATA') body = [];
      } else if (line === '.') {
        this.bodies.push(body.join('\n'));
        body = undefined;
        this.#answer(socket, 'body', connection, '');
      } else body.push(line);
    };
    socket.on('data', (chunk) => {
      const lines = (rest + chunk).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
  }

  /** @returns true for the ordinary answer */
  #answer(socket: Socket, stage: Stage, connection: number, line: string): boolean {
    const behaviour = this.#behaviour(stage, connection, line);
    if (behaviour === 'drop') socket.destroy();
    else if (behaviour !== 'hang') socket.write(`${behaviour ?? ANSWERS[stage]}\r\n`);
    if (behaviour === undefined && stage === 'QUIT') socket.end();
    return behaviour === undefined;
  }
}

/**
 * Look-up for datagrams: literal addresses at once, names through the system's resolver, remembered for a while.
 *
 * The system's look-up blocks one of the few threads that files and the look-ups of connections need as well. So there
 * is one at a time, and a second one when that takes long; whoever asks for the same name meanwhile shares it, and a name
 * that is not found is not asked for again at once: a script that sends to one holds nobody up.
 */
import { isIP } from 'node:net';

export type LookupCallback = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

/** How long a resolved name and one that was not found are remembered, milliseconds, and how many of them. */
const REMEMBER_MS = 30_000;
const REMEMBER_FAILURE_MS = 1000;
const REMEMBER_COUNT = 256;

/** A look-up that takes longer, milliseconds, counts as failed, and no longer as the one at a time. */
const LONG_MS = 5000;
const AT_MOST = 2;

/** Names that may wait for their turn. */
const WAITING_COUNT = 256;

interface Known {
  readonly error: NodeJS.ErrnoException | null;
  readonly address: string;
  readonly until: number;
}

interface Question {
  readonly host: string;
  readonly family: 4 | 6;
  readonly callbacks: LookupCallback[];
}

export class Resolver {
  readonly #known = new Map<string, Known>();
  /** What is being asked and what waits for that, in order. */
  readonly #questions = new Map<string, Question>();
  readonly #waiting: string[] = [];
  /** How many are being asked, and which of them take long: they have been answered, and are not asked a second time. */
  #asked = 0;
  readonly #late = new Set<string>();
  /** Hosts that are addresses: `dgram` asks for each datagram, and a look into a set is cheaper than parsing. */
  readonly #literals = new Set<string>();

  /** The signature that `dgram` asks of its `lookup` option. Calls back at once when the answer is known. */
  lookup(host: string, family: 4 | 6, callback: LookupCallback): void {
    if (this.#isLiteral(host)) return callback(null, host, family);
    const key = `${family} ${host}`;
    const known = this.#known.get(key);
    if (known && known.until > Date.now()) return callback(known.error, known.address, family);
    if (this.#late.has(key)) return callback(noAnswer(host), '', family);
    const question = this.#questions.get(key);
    if (question) question.callbacks.push(callback);
    else this.#add(key, { host, family, callbacks: [callback] });
  }

  #add(key: string, question: Question): void {
    if (this.#waiting.length >= WAITING_COUNT) return refuse(question);
    this.#questions.set(key, question);
    this.#waiting.push(key);
    this.#askNext();
  }

  #askNext(): void {
    if (this.#asked > this.#late.size || this.#asked >= AT_MOST) return;
    const key = this.#waiting.shift();
    const question = key === undefined ? undefined : this.#questions.get(key);
    if (key !== undefined && question) this.#ask(key, question);
  }

  #ask(key: string, { host, family }: Question): void {
    this.#asked++;
    const timer = setTimeout(() => {
      this.#late.add(key);
      this.#answer(key, noAnswer(host), '');
    }, LONG_MS).unref();
    // Loaded by the first name: most servers never look one up.
    process.getBuiltinModule('node:dns').lookup(host, { family }, (error, address) => {
      clearTimeout(timer);
      this.#asked--;
      this.#late.delete(key);
      this.#remember(key, error, address);
      this.#answer(key, error, address);
    });
  }

  /** Tells those who have asked, if they have not been told. */
  #answer(key: string, error: NodeJS.ErrnoException | null, address: string): void {
    const question = this.#questions.get(key);
    this.#questions.delete(key);
    this.#askNext();
    for (const callback of question?.callbacks ?? []) callback(error, address, question?.family ?? 4);
  }

  #isLiteral(host: string): boolean {
    if (this.#literals.has(host)) return true;
    if (isIP(host) === 0) return false;
    if (this.#literals.size >= REMEMBER_COUNT) this.#literals.clear();
    this.#literals.add(host);
    return true;
  }

  #remember(key: string, error: NodeJS.ErrnoException | null, address: string): void {
    if (this.#known.size >= REMEMBER_COUNT) this.#known.clear();
    const until = Date.now() + (error ? REMEMBER_FAILURE_MS : REMEMBER_MS);
    this.#known.set(key, { error, address, until });
  }
}

function noAnswer(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`no answer for ${host}`), { code: 'EAI_AGAIN' });
}

function refuse({ host, family, callbacks }: Question): void {
  const reason = `too many names are being looked up: ${host} is not`;
  for (const callback of callbacks) callback(new Error(reason), '', family);
}

/**
 * Mail objects: `cumulus:sendMail(sender, subject, content, recipient…)` and their `onSent(error)`.
 * Specification: "Mails feature" of the documented page, and reference-behaviour.md, "Mail".
 */
import type { Handle } from '../handles.js';
import { LuaError } from '../lua-error.js';
import type { ClassDefinition, ObjectClass } from '../object-class.js';
import type { Resource } from '../open-objects.js';
import type { Stack } from '../stack.js';
import type { ApiContext } from './context.js';
import { pushText } from './push.js';

/** First argument after `cumulus` itself. */
const SENDER = 2;
const SUBJECT = 3;
const CONTENT = 4;
const FIRST_RECIPIENT = 5;

export class MailObject implements Resource {
  readonly role = 'mail';
  readonly #api: ApiContext;
  readonly #handle: Handle<MailObject>;

  /** Sends the mail that the arguments make, and pushes the object, which lives until `onSent` has been called. */
  constructor(api: ApiContext, objectClass: ObjectClass<MailObject>) {
    this.#api = api;
    const mail = readMail(api.stack);
    this.#handle = api.handles.create<MailObject>(objectClass, this);
    api.handles.open.retain(this.#handle, -1);
    api.mailer.send(mail, (error) => this.#settled(error), api);
  }

  /** The mail goes on without its object. */
  abandon(): void {}

  #settled(error: string | undefined): void {
    this.#api.handles.emit(this.#handle, 'onSent', pushText, error, undefined);
    this.#api.handles.open.release(this.#handle);
  }
}

function readMail(stack: Stack) {
  const recipients: string[] = [];
  for (let i = FIRST_RECIPIENT; i <= stack.count; i++) recipients.push(stack.text(i) ?? '');
  return {
    sender: stack.text(SENDER) ?? '',
    subject: textAt(stack, SUBJECT, 'subject'),
    content: textAt(stack, CONTENT, 'content'),
    recipients,
  };
}

/** nil is empty; addresses are judged by the mailer, whose answer comes through `onSent`. */
function textAt(stack: Stack, i: number, name: string): string {
  const text = stack.text(i);
  if (text === undefined && !stack.isNil(i))
    throw new LuaError(`sendMail: ${name} must be a string, not ${stack.describe(i)}`);
  return text ?? '';
}

export const mailClass: ClassDefinition<MailObject> = { name: 'Mail', methods: {}, properties: {} };

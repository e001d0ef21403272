/**
 * The seam between the queue of mails and the ways that a mail can leave: an SMTP session, or a folder.
 *
 * Invariant: a transport delivers one message at a time, and either says how it went or throws a DeliveryError.
 */

/** A mail as bytes, ready to be handed over; the addresses are those of the envelope, without names. */
export interface Message {
  readonly from: string;
  readonly to: readonly string[];
  /** RFC 5322, with CRLF line ends. */
  readonly bytes: Buffer;
}

export interface Transport {
  /** True while the message is with somebody who has not yet said whether he takes it. */
  readonly handedOver: boolean;
  /**
   * @returns undefined, or why some of the recipients do not get what the others do get
   * @throws DeliveryError when nobody gets it
   */
  deliver(message: Message): Promise<string | undefined>;
  /** Ends what is open in an orderly way, within a second. Call it when nothing is being delivered. */
  close(): Promise<void>;
  /** Ends at once what is open; what is being delivered fails, and so does what comes later. */
  destroy(): void;
}

export class DeliveryError extends Error {
  /** The server could not be got to say anything: who has waited as long as this mail need not try for himself. */
  readonly unreachable: boolean;

  constructor(message: string, unreachable = false) {
    super(message);
    this.name = 'DeliveryError';
    this.unreachable = unreachable;
  }
}

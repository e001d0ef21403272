/**
 * What a mail is, and what is configured about sending it. Types only: mailer.ts exports them to everybody else.
 */

/** Text as JavaScript has it: UTF-8 has been decoded. */
export interface Mail {
  /** `user@host` or `Name <user@host>`; so is each recipient. */
  readonly sender: string;
  readonly subject: string;
  /** Plain text; every kind of line end is one. */
  readonly content: string;
  readonly recipients: readonly string[];
}

/** The section [smtp] of the configuration. */
export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  /** Seconds: silence of the server after which a mail has failed, and idle time after which a session is closed. */
  readonly timeout: number;
  /** TLS from the first byte; the certificate is verified unless `host` is a loopback address. */
  readonly secure: boolean;
  /**
   * auto: TLS if it can be had, whatever the certificate, as mail servers do among themselves.
   * required: no mail without TLS; the certificate is verified unless `host` is a loopback address.
   */
  readonly starttls: 'auto' | 'required' | 'never';
  readonly user?: string;
  readonly password?: string;
  /** Absolute path of a folder: mails are written there, and nothing is sent. */
  readonly outbox?: string;
}

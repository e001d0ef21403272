/** The interface of the mailer; its transport follows. */
export interface Mail {
  readonly sender: string;
  readonly subject: string;
  readonly content: string;
  readonly recipients: readonly string[];
}

export class Mailer {
  constructor(options: unknown) {
    void options;
  }

  readonly pending = 0;

  send(_mail: Mail, onSettled: (error?: string) => void): void {
    setImmediate(() => onSettled('no transport'));
  }

  async close(_graceMs: number): Promise<readonly Mail[]> {
    return [];
  }
}

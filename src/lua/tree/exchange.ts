/**
 * What VMs that can call each other share: identities, how deep their calls are nested, the error that is on its way.
 */

/** More nested calls are refused: each takes some of the stacks of both VMs and of the process. */
export const MAX_DEPTH = 100;

/** An error that has crossed from one VM into another, where nobody may have handled it yet. */
export interface Trail {
  /** The Peer that called. */
  readonly to: object;
  /** The error as the calling VM has it: a binary string, or the identity of the proxy that it is. */
  readonly error: string | number;
  /** The message, and the frames of every VM that it has left, as a binary string. */
  readonly text: string;
}

export class Exchange {
  #lastId = 0;
  depth = 0;
  trail: Trail | undefined;

  newId(): number {
    return ++this.#lastId;
  }
}

// @ts-check
/**
 * Members that each send, wait for the answer, and send again; together they keep a server busy for a while. A run
 * ends when every answer is there, so that what is counted is exactly what the server has worked for.
 */
export class PingPong {
  #members;
  #pending = 0;
  #until = 0;
  #count = 0;
  /** @type {() => void} */
  #finished = () => {};

  /** @param {readonly { send(): void }[]} members each calls `again` when its answer is complete */
  constructor(members) {
    this.#members = members;
  }

  /** @param {number} ms */
  async run(ms) {
    this.#count = 0;
    this.#until = performance.now() + ms;
    this.#pending = this.#members.length;
    const finished = new Promise((resolve) => {
      this.#finished = () => resolve(undefined);
    });
    for (const member of this.#members) member.send();
    await finished;
    return { messages: this.#count };
  }

  /**
   * An answer is complete.
   * @param {{ send(): void }} member
   * @param {number} messages how many the answer counts for
   */
  again(member, messages = 1) {
    this.#count += messages;
    if (performance.now() < this.#until) member.send();
    else if (--this.#pending === 0) this.#finished();
  }
}

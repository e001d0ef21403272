// @ts-check
/**
 * A process beside the test: it is asked over IPC to take a step, and answers when the step is done. So neither the
 * load nor the measuring shares an event loop with the test, or with each other.
 */

/**
 * @typedef {{ id: number, step: string, options: any }} Question
 * @typedef {(options: any) => unknown} Step may return a promise
 */

/** @param {Readonly<Record<string, Step>>} steps */
export function act(steps) {
  process.on('message', async (message) => {
    const { id, step, options } = /** @type {Question} */ (message);
    try {
      process.send?.({ id, value: (await steps[step]?.(options)) ?? null });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? error.stack : String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
}

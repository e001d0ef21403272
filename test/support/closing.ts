/** What a test has opened is closed after it, also when it fails. */
import { afterEach } from 'vitest';

export interface Closable {
  close(): void | Promise<unknown>;
}

/** Call once in a file. @returns a function that notes what is to be closed, and gives it back */
export function closeAfterEach(): <T extends Closable>(thing: T) => T {
  const things: Closable[] = [];
  afterEach(async () => {
    for (const thing of things.splice(0).reverse()) await thing.close();
  });
  return (thing) => {
    things.push(thing);
    return thing;
  };
}

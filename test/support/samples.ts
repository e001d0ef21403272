/** The samples of a page: complete scripts in its Markdown, by their names. */
import { readFileSync } from 'node:fs';

/** File below www/ → its text. */
export type Sample = Record<string, string>;

/**
 * A sample is a block of Lua behind `<!-- sample name -->`, or `<!-- sample name lobby/main.lua -->` for one file of
 * several.
 * @throws for a block of Lua without a name: it would not be run
 */
export function readSamples(page: URL): ReadonlyMap<string, Sample> {
  const samples = new Map<string, Sample>();
  for (const [, name, file, code] of readFileSync(page, 'utf8').matchAll(BLOCK)) {
    if (name === undefined) throw new Error(`a sample without a name: ${code}`);
    samples.set(name, { ...samples.get(name), [file ?? 'main.lua']: code ?? '' });
  }
  return samples;
}

const BLOCK = /(?:<!-- sample ([\w-]+)(?: (\S+))? -->\n)?```lua\n(.*?)```\n/gs;

/** @param ports what stands in the sample → what is free here */
export function withPorts(sample: Sample, ports: Readonly<Record<string, number>>): Sample {
  const replaced = (code: string) =>
    Object.entries(ports).reduce((text, [from, to]) => text.replaceAll(from, String(to)), code);
  return Object.fromEntries(Object.entries(sample).map(([file, code]) => [file, replaced(code)]));
}

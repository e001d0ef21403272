// @ts-check
/** Every row, in the order of the table. */
import { callRows } from './calls.js';
import { loadRows } from './load.js';
import { memoryRows } from './memory.js';
import { reloadRows } from './reload.js';
import { startRows } from './start.js';

/** @type {readonly import('../types.js').Row[]} */
export const rows = [...loadRows, ...callRows, ...memoryRows, ...startRows, ...reloadRows];

// @ts-check
/** Reads V8's heap snapshot of the daemon: how many objects there are of each of its classes, and which. */
import { readFileSync } from 'node:fs';

/**
 * What is counted. Each has an owner that ends it, so none may pile up. Not every object that V8 has: small ones come
 * and go with caches.
 */
const CLASSES = new Set(
  `Application Generation Handles LuaVm MailObject Memory Server SmtpSession Socket TcpClient TcpClientObject
   TcpServer TcpServerObject Timeout UdpSocket UdpSocketObject FSWatcher`.split(/\s+/),
);

/** @typedef {{ node_fields: string[], node_types: [string[]], edge_fields: string[], edge_types: [string[]] }} Meta */
/** @typedef {{ nodes: number[], edges: number[], strings: string[], snapshot: { meta: Meta } }} Snapshot */

/**
 * @param {string} file
 * @returns {{ classes: Record<string, number>, machines: number[] }} machines: the ids of the Lua machines
 */
export function readSnapshot(file) {
  const snapshot = /** @type {Snapshot} */ (JSON.parse(readFileSync(file, 'utf8')));
  const fields = snapshot.snapshot.meta.node_fields;
  const at = { name: fields.indexOf('name'), id: fields.indexOf('id') };
  /** @type {Record<string, number>} */
  const classes = {};
  const machines = [];
  for (const node of instances(snapshot)) {
    const name = snapshot.strings[snapshot.nodes[node + at.name] ?? -1] ?? '';
    if (!CLASSES.has(name)) continue;
    classes[name] = (classes[name] ?? 0) + 1;
    if (name === 'LuaVm') machines.push(snapshot.nodes[node + at.id] ?? 0);
  }
  return { classes, machines };
}

/** The objects, without prototypes, which go by the name of their class, too. @param {Snapshot} snapshot */
function* instances({ nodes, edges, strings, snapshot: { meta } }) {
  const object = meta.node_types[0].indexOf('object');
  const property = meta.edge_types[0].indexOf('property');
  const marker = strings.indexOf('constructor');
  const countAt = meta.node_fields.indexOf('edge_count');
  let edge = 0;
  for (let node = 0; node < nodes.length; node += meta.node_fields.length) {
    const end = edge + (nodes[node + countAt] ?? 0) * meta.edge_fields.length;
    let isPrototype = false;
    for (; edge < end; edge += meta.edge_fields.length)
      if (edges[edge] === property && edges[edge + 1] === marker) isPrototype = true;
    if (nodes[node] === object && !isPrototype) yield node;
  }
}

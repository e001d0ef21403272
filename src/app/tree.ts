/**
 * The applications as a tree: which is whose parent, what each can see of the others, which version answers.
 *
 * Looked up live: a name reaches the version that runs now, or, while a reload is under way, the one being started. It
 * knows no files and starts nothing.
 */
import { RTMFP_EVENTS } from '../lua/api/rtmfp.js';
import { LuaError } from '../lua/lua-error.js';
import { Exchange } from '../lua/tree/exchange.js';
import { Peer } from '../lua/tree/peer.js';
import type { Outside, Target } from '../lua/tree/target.js';
import type { LuaVm } from '../lua/vm.js';
import { titleOf } from './discovery.js';

/** What the server calls in an application is that application's own: a child does not see its parent's. */
const EVENTS: ReadonlySet<string> = new Set([
  'onStart',
  'onStop',
  'onManage',
  'onTypedObject',
  ...RTMFP_EVENTS,
]);

export class Tree {
  readonly #exchange = new Exchange();
  /** By path, in the order of paths; an application that is gone keeps its node, which old proxies refer to. */
  readonly #nodes = new Map<string, Node>();

  /** There is an application at `path`. */
  add(path: string): void {
    this.#node(path).present = true;
    this.#link();
  }

  /** There is none any more: its children are its parent's from now on. */
  remove(path: string): void {
    this.#node(path).present = false;
    this.#link();
  }

  /** Connects the VM of a version of the application, which answers nobody before `Membership.begin`. */
  join(path: string, vm: LuaVm): Membership {
    const node = this.#node(path);
    return new Membership(node, new Peer(vm, this.#exchange, node));
  }

  /** Makes `start` the way to bring the application to life when somebody asks for it. */
  offer(path: string, start: (() => void) | undefined): void {
    this.#node(path).start = start;
  }

  #node(path: string): Node {
    const known = this.#nodes.get(path);
    if (known) return known;
    const node = new Node(path, this.#exchange.newId());
    this.#nodes.set(path, node);
    return node;
  }

  #link(): void {
    const nodes = [...this.#nodes.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const node of nodes) node.children.clear();
    for (const node of nodes) {
      node.parent = this.#above(node.path);
      if (node.present) node.parent?.adopt(node);
    }
  }

  /** The nearest folder above that is an application. */
  #above(path: string): Node | undefined {
    for (let at = path; at !== ''; ) {
      at = at.slice(0, at.lastIndexOf('/'));
      const node = this.#nodes.get(at);
      if (node?.present) return node;
    }
    return undefined;
  }
}

/** One version's connection to the others. */
export class Membership {
  readonly peer: Peer;
  readonly #node: Node;

  constructor(node: Node, peer: Peer) {
    this.#node = node;
    this.peer = peer;
  }

  /** This version is the one that answers. */
  begin(): void {
    this.#node.current = this.peer;
  }

  /** It does not answer any more, though its VM may live on. */
  end(): void {
    if (this.#node.current === this.peer) this.#node.current = undefined;
    this.peer.end();
  }

  /** Its VM is gone. */
  close(): void {
    this.end();
    this.peer.close();
  }
}

/** An application at its path, whichever version it has: what `super` and a child's name stand for. */
class Node implements Target, Outside {
  readonly id: number;
  readonly kind = 'table';
  readonly path: string;
  readonly title: string;
  present = false;
  current: Peer | undefined;
  /** Starts the application, which is ready to run. */
  start: (() => void) | undefined;
  parent: Node | undefined;
  /** By folder name, as bytes. */
  readonly children = new Map<string, Node>();

  constructor(path: string, id: number) {
    this.path = path;
    this.title = titleOf(path);
    this.id = id;
  }

  get self(): Target {
    return this;
  }

  /** Of two grandchildren that are called the same the first counts. */
  adopt(child: Node): void {
    const folder = child.path.slice(child.path.lastIndexOf('/') + 1);
    const name = Buffer.from(folder).toString('latin1');
    if (!this.children.has(name)) this.children.set(name, child);
  }

  home(): Peer {
    if (!this.current) throw new LuaError(this.ended());
    this.current.checkAlive();
    return this.current;
  }

  livesIn(peer: Peer): boolean {
    return this.current === peer;
  }

  push(vm: LuaVm): void {
    vm.raw.pushglobals(vm.L);
  }

  retain(): void {}

  release(): void {}

  named(name: string): Target | undefined {
    if (name === 'super') return this.parent;
    const child = this.children.get(name);
    if (!child?.current) child?.start?.();
    return child?.current ? child : undefined;
  }

  above(name: string): Peer | undefined {
    if (EVENTS.has(name)) return undefined;
    let { parent } = this;
    while (parent && !parent.current) parent = parent.parent;
    return parent?.current;
  }

  ended(): string {
    if (this.current) return `application ${this.title} was reloaded: this value belongs to its old version`;
    return `application ${this.title} ${this.present ? 'is not running' : 'was removed'}`;
  }
}

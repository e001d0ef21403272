/**
 * Texts of a socket's senders as Lua strings: made once for each peer and not for each datagram, and known again when
 * a script answers, without being compared.
 *
 * Invariant: a string whose address is known here is held by the registry, so that no other can have its address.
 */
import type { Sender } from '../../net/address-book.js';
import type { LuaVm } from '../vm.js';

/** Forgetting all of them now and then is cheaper than keeping track of which was used last. */
const REMEMBER_COUNT = 1024;

export class SenderTexts {
  readonly #vm: LuaVm;
  /** Registry slots. */
  readonly #slots = new Map<Sender, number>();
  readonly #byPointer = new Map<number, Sender>();
  /** Taken and not used yet. */
  #spare: number | undefined;
  /** There was no memory to keep one: nothing is kept any more, because scripts need what there is. */
  #refused = false;

  constructor(vm: LuaVm) {
    this.#vm = vm;
  }

  /** Data and the address of its sender: arguments of an event. */
  readonly pushDatagram = (vm: LuaVm, bytes: Uint8Array, sender: Sender): number => {
    vm.bytes.push(vm.L, bytes);
    this.#push(sender);
    return 2;
  };

  /** To be called when nothing is received any more. */
  forget(): void {
    for (const slot of this.#slots.values()) this.#vm.registry.unref(slot);
    this.#vm.registry.cached -= this.#slots.size;
    this.#slots.clear();
    this.#byPointer.clear();
  }

  #push(sender: Sender): void {
    const slot = this.#slots.get(sender);
    if (slot === undefined) this.#add(sender);
    else this.#vm.raw.refget(this.#vm.L, slot);
  }

  /** The sender whose text is the string at `i`. Undefined also for an equal string that is another one. */
  at(i: number): Sender | undefined {
    return this.#byPointer.get(this.#vm.raw.tolstring(this.#vm.L, i, 0));
  }

  #add(sender: Sender): void {
    const { raw, L, bytes } = this.#vm;
    if (this.#refused || this.#slots.size >= REMEMBER_COUNT) this.forget();
    bytes.pushBinary(L, sender.text);
    if (this.#refused) return;
    const slot = this.#spare ?? this.#takeSlot();
    this.#refused = true;
    raw.pushvalue(L, -1);
    raw.refset(L, slot);
    this.#refused = false;
    this.#spare = undefined;
    this.#slots.set(sender, slot);
    this.#byPointer.set(raw.tolstring(L, -1, 0), sender);
  }

  #takeSlot(): number {
    this.#vm.registry.cached++;
    this.#spare = this.#vm.registry.ref();
    return this.#spare;
  }
}

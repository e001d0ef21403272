/**
 * `cumulus:toAMF(…)`, `cumulus:toAMF0(…)` and `cumulus:fromAMF(bytes)`: Lua values ⇄ AMF messages.
 * Specification: reference-behaviour.md, "Applications and scripts".
 *
 * Bytes come from strangers: whatever they are, the script gets values, or none and one ERROR.
 */
import { AmfError, type AmfInput, AmfOpaque, decodeAmf, encodeAmf } from '../amf/index.js';
import { pushGlobal } from '../globals.js';
import { LuaError } from '../lua-error.js';
import type { LuaTable } from '../table.js';
import { pushValues, readValues } from '../values.js';
import type { LuaVm } from '../vm.js';
import type { ApiContext, Functions } from './context.js';

/** The event, which is an application's own. */
const TYPED_OBJECT = 'onTypedObject';

interface TypedObject {
  readonly type: string;
  readonly object: LuaTable;
}

export function amfFunctions(api: ApiContext): Functions {
  return {
    toAMF: () => encode(api, 'toAMF', 3),
    toAMF0: () => encode(api, 'toAMF0', 0),
    fromAMF: () => decode(api),
  };
}

function encode(api: ApiContext, name: string, version: 0 | 3): number {
  const lost = new Map<string, number>();
  const onUnsupported = (typeName: string) => lost.set(typeName, (lost.get(typeName) ?? 0) + 1);
  const bytes = attempt(api, name, () => encodeAmf(readArguments(api), { version, onUnsupported }));
  for (const [typeName, count] of lost) api.log.atCaller('warn', `${name}: ${lossOf(typeName, count)}`);
  return bytes ? api.stack.pushBytes(bytes) : api.stack.pushText(undefined);
}

/** What makes a table more than one; a class may give it to its objects. */
const SPECIAL_FIELDS = ['__raw', '__time', '__size', '__type'];

/** An object of the API is encoded as what a script has put into it, as in the original. */
function readArguments({ vm }: ApiContext): AmfInput[] {
  return readValues(vm, 2, {
    isObject: () => false,
    inherited: SPECIAL_FIELDS,
    refuse: (path, typeName) => {
      if (typeName.startsWith('table')) throw new AmfError(`argument ${path}: ${typeName}`);
      return new AmfOpaque(typeName);
    },
  });
}

function lossOf(typeName: string, count: number): string {
  const what = typeName.endsWith(' key')
    ? `AMF has no entries with a ${typeName}: left out`
    : `AMF has no ${typeName}: null instead`;
  return count === 1 ? what : `${what} (${count} times)`;
}

/**
 * Calls the script's `onTypedObject(type, object)`, if it has one, for each object with a class name, inner ones
 * first, as the original does. That happens when all tables have been made: calling into the script in the midst of
 * decoding would hand it tables that have no Lua side yet.
 */
function decode(api: ApiContext): number {
  const { vm, stack } = api;
  const bytes = stack.isString(2) ? stack.bytes(2) : undefined;
  if (!bytes) {
    api.log.atCaller('error', `fromAMF: ${stack.describe(2)} is no AMF message: must be a string`);
    return 0;
  }
  const typed: TypedObject[] = [];
  const hooks = wantsTypedObjects(vm)
    ? { onTypedObject: (type: string, object: LuaTable) => collect(typed, type, object) }
    : {};
  const top = vm.raw.gettop(vm.L);
  // Decoding does not enter Lua, so that the view of the bytes stays valid.
  const values = attempt(api, 'fromAMF', () => {
    const decoded = decodeAmf(bytes, hooks);
    pushValues(vm, [...decoded, ...typed.map(({ object }) => object)]);
    return decoded;
  });
  if (!values) vm.raw.settop(vm.L, top);
  else if (typed.length > 0) offerTypedObjects(vm, typed, top + values.length);
  return values?.length ?? 0;
}

function collect(typed: TypedObject[], type: string, object: LuaTable): undefined {
  typed.push({ type, object });
}

/** Calls the event for each; its errors are logged as those of every event. They are on the stack above `base`. */
function offerTypedObjects(vm: LuaVm, typed: readonly TypedObject[], base: number): void {
  for (const [i, { type }] of typed.entries()) {
    if (!vm.enter(TYPED_OBJECT)) break;
    try {
      if (!pushGlobal(vm, TYPED_OBJECT)) break;
      vm.bytes.pushBinary(vm.L, type);
      vm.raw.pushvalue(vm.L, base + 1 + i);
      vm.call(2, 0);
    } finally {
      vm.leave();
    }
  }
  vm.raw.settop(vm.L, base);
}

function wantsTypedObjects(vm: LuaVm): boolean {
  const wanted = pushGlobal(vm, TYPED_OBJECT);
  vm.raw.settop(vm.L, -2);
  return wanted;
}

/** @returns undefined, with an ERROR at the caller's position, when `work` fails for what it was given */
function attempt<T>({ log }: ApiContext, name: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof AmfError || error instanceof LuaError)) throw error;
    log.atCaller('error', `${name}: ${error.message}`);
    return undefined;
  }
}

/**
 * The original's members and events for RTMFP clients, of which this server accepts none: collections that are
 * always empty, `publish`, which nobody could receive, and the names of the events that do not fire.
 */
import type { HostFunction } from '../host-calls.js';
import type { LuaVm } from '../vm.js';
import type { ApiContext, Functions } from './context.js';

/** The global functions that the original calls for RTMFP clients, groups, streams and other RTMFP servers. */
export const RTMFP_EVENTS = [
  'onHandshake',
  'onRendezVousUnknown',
  'onConnection',
  'onDisconnection',
  'onFailed',
  'onJoinGroup',
  'onUnjoinGroup',
  'onPublish',
  'onUnpublish',
  'onSubscribe',
  'onUnsubscribe',
  'onDataPacket',
  'onAudioPacket',
  'onVideoPacket',
  'onServerConnection',
  'onServerDisconnection',
];

export function rtmfpFunctions(api: ApiContext): Functions {
  const publish = () => {
    warnUnavailable(api, 'publish');
    return api.stack.pushText(undefined);
  };
  return { publish };
}

/** Getters of the collections: each is one object for the life of the VM, which scripts may add fields to. */
export function rtmfpProperties(api: ApiContext): Functions {
  const { vm, stack, log } = api;
  const { raw, L, bytes } = vm;
  const warn = () => {
    warnUnavailable(api, stack.text(1) ?? '');
    return 0;
  };
  const warnReadOnly = () => {
    log.warnReadOnly(stack.text(1) ?? '', stack.text(2) ?? '');
    return 0;
  };
  for (const fn of [warn, warnReadOnly]) raw.pushcclosure(L, vm.hostFunction(fn), 0);
  vm.runStdlib('rtmfp', 2);
  const getters = ['clients', 'groups', 'publications', 'servers'].map((name) => {
    const slot = vm.registry.ref();
    raw.getfield(L, -1, bytes.name(name));
    raw.refset(L, slot);
    return [name, getter(vm, slot)] as const;
  });
  raw.settop(L, -2);
  return Object.fromEntries(getters);
}

function getter(vm: LuaVm, slot: number): HostFunction {
  return () => {
    vm.raw.refget(vm.L, slot);
    return 1;
  };
}

function warnUnavailable({ log }: ApiContext, name: string): void {
  log.atCaller('warn', `${name} has no effect: this server accepts no RTMFP clients`);
}

/**
 * The whole API of an application: its classes, the `cumulus` object, the global functions.
 *
 * A new library is one file beside this one and one line here.
 */
import { amfFunctions } from './amf.js';
import { blacklistFunctions } from './blacklist.js';
import type { ApiContext, Functions } from './context.js';
import { cryptoFunctions } from './crypto.js';
import { installCumulus } from './cumulus.js';
import { environmentFunctions, environmentProperties } from './environment.js';
import { installLog } from './log.js';
import { MailObject, mailClass } from './mail.js';
import { rtmfpFunctions, rtmfpProperties } from './rtmfp.js';
import { TcpClientObject, tcpClientClass } from './tcp-client.js';
import { TcpServerObject, tcpServerClass } from './tcp-server.js';
import { textFunctions } from './text.js';
import { UdpSocketObject, udpSocketClass } from './udp-socket.js';

/** @returns the names of all methods, of `cumulus` and of its objects */
export function installApi(api: ApiContext): string[] {
  const { vm, handles, stack } = api;
  const clients = handles.define(tcpClientClass);
  const servers = handles.define(tcpServerClass);
  const sockets = handles.define(udpSocketClass);
  const mails = handles.define(mailClass);
  vm.raw.pushglobals(vm.L);
  installLog(api);
  installPrint(api);
  const methods = {
    createTCPClient: () => pushed(new TcpClientObject(api, clients)),
    createTCPServer: () => pushed(new TcpServerObject(api, servers, clients)),
    createUDPSocket: () => pushed(new UdpSocketObject(api, sockets, stack.boolean(2))),
    sendMail: () => pushed(new MailObject(api, mails)),
    ...amfFunctions(api),
    ...blacklistFunctions(api),
    ...cryptoFunctions(api),
    ...environmentFunctions(api),
    ...rtmfpFunctions(api),
    ...textFunctions(api),
  };
  installCumulus(api, methods, cumulusProperties(api));
  vm.raw.settop(vm.L, -2);
  const classes = [tcpClientClass, tcpServerClass, udpSocketClass, mailClass];
  return [...Object.keys(methods), ...classes.flatMap((definition) => Object.keys(definition.methods))];
}

/** What is asked of the host whenever a script reads it from `cumulus`. */
export function cumulusProperties(api: ApiContext): Functions {
  return { ...environmentProperties(api), ...rtmfpProperties(api) };
}

/** The constructors leave their object at the top of the stack: that is the function's one result. */
function pushed(_object: object): number {
  return 1;
}

function installPrint(api: ApiContext): void {
  const { vm, stack, logger } = api;
  const write = () => {
    logger.print(stack.text(1) ?? '');
    return 0;
  };
  vm.raw.pushcclosure(vm.L, vm.hostFunction(write), 0);
  vm.runStdlib('print', 1);
  vm.raw.setfield(vm.L, -2, vm.bytes.name('print'));
}

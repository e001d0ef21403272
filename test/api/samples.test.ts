/**
 * The samples of the documented page "Server Application, Sockets", word for word, but for the port, the mail
 * addresses, which the page hides, and the line "...", which stands for other code there.
 */
import { expect, test } from 'vitest';
import { HOST, startMailServer } from '../mail/mail-server.js';
import { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { Peer, PeerServer } from '../support/tcp.js';
import { UdpPeer } from '../support/udp.js';
import { start, stopAfterEach } from './run-script.js';

stopAfterEach();
const closing = closeAfterEach();

const withPort = (sample: string, port: number) => sample.replaceAll('1234', String(port));

const TCP_CLIENT = `
	socket = cumulus:createTCPClient()
	function socket:onReception(data)
		NOTE("Reception from "..self.peerAddress.." to "..self.address)
		self:send(data) -- echo sample
		return 0 -- return rest (all has been consumed here)
	end
	function socket:onDisconnection()
		if self.error then -- error? or normal disconnection?
			ERROR(self.error)
		end
		NOTE("TCP disconnection")
	end

	local err = socket:connect("localhost",1234)
	if err then ERROR(err) end
`;

const TCP_CLIENT_END = `
	if socket.connected then -- useless if already disconnected
		socket:disconnect()
	end
`;

test('TCP client: the echo', async () => {
  const server = closing(await PeerServer.listen('127.0.0.1'));
  const { log } = await start(withPort(TCP_CLIENT, server.port));
  const peer = await server.next();
  peer.send('hello');
  expect((await peer.read(5)).toString()).toBe('hello');
  await log.waitFor(`Reception from 127.0.0.1:${server.port} to 127.0.0.1:${peer.socket.remotePort}`);
  peer.end();
  await log.waitFor('TCP disconnection');
  expect(log.texts('error')).toEqual([]);
});

test('TCP client: nobody listens', async () => {
  const { log } = await start(withPort(TCP_CLIENT, await freePort()));
  expect((await log.waitFor('connection refused')).level).toBe('error');
  await log.waitFor('TCP disconnection');
});

test('TCP client: disconnected in the same go', async () => {
  const server = closing(await PeerServer.listen('127.0.0.1'));
  const { log } = await start(withPort(TCP_CLIENT + TCP_CLIENT_END, server.port));
  expect(log.texts('note')[0]).toBe('TCP disconnection');
  expect((await (await server.next()).readAll()).length).toBe(0);
  expect(log.texts('error')).toEqual([]);
});

const TCP_SERVER = `
	server = cumulus:createTCPServer()
	function server:clientHandler(client)
		-- Here we have a TCPClient object, same usage than TCPClient
		function client:onReception(data)
			NOTE("Reception from "..self.peerAddress.." to "..self.address)
			self:send(data) -- echo sample
			return 0 -- return rest (all has been consumed here)
		end
		function client:onDisconnection()
			NOTE("TCP client disconnection")
		end
	end
	server:start(1234); -- start the server on the port 1234
`;

test('TCP server: the echo', async () => {
  const port = await freePort();
  const { log } = await start(withPort(TCP_SERVER, port));
  const peer = closing(await Peer.connect(port));
  peer.send('hello');
  expect((await peer.read(5)).toString()).toBe('hello');
  await log.waitFor(`Reception from 127.0.0.1:${peer.socket.localPort} to 127.0.0.1:${port}`);
  peer.end();
  await log.waitFor('TCP client disconnection');
});

const MAIL = `
	mail = cumulus:sendMail("me@example.org","Hello","Mail sent from script code","you@example.org")
	function mail:onSent(err)
		if err then ERROR(err) else NOTE("Sent") end
	end
`;

test('mail: sent by the server of the configuration', async () => {
  const server = await startMailServer();
  closing({ close: () => server.stop() });
  const { log } = await start(MAIL, `[smtp]\nhost=${HOST}\nport=${server.port}\ntimeout=60\n`);
  await log.waitFor('Sent');
  expect(server.received[0]?.parsed.subject).toBe('Hello');
  expect(server.received[0]?.parsed.text?.trimEnd()).toBe('Mail sent from script code');
});

test('mail: no server', async () => {
  const { log } = await start(MAIL, `[smtp]\nhost=${HOST}\nport=${await freePort()}\n`);
  expect((await log.waitFor('refused')).level).toBe('error');
});

const UDP_ECHO = `
	socket = cumulus:createUDPSocket()
	function socket:onReception(data,address)
		NOTE("Reception from "..address)
		self:send(data,address) -- echo sample
	end
	err = socket:bind("0.0.0.0:1234") -- start the server
	if error then ERROR(err) end
`;

test('UDP socket: the echo, whose check of "error" is always true and says "(null)"', async () => {
  const port = await freePort();
  const { log } = await start(withPort(UDP_ECHO, port));
  const peer = closing(await UdpPeer.bind());
  await peer.send('hello', port);
  expect(await peer.nextText()).toBe('hello');
  await log.waitFor(`Reception from 127.0.0.1:${peer.port}`);
  expect(log.texts('error')).toEqual(['(null)']);
});

test('UDP socket: the echo, on an address in use', async () => {
  const taken = closing(await UdpPeer.bind('0.0.0.0'));
  const { log } = await start(withPort(UDP_ECHO, taken.port));
  expect(log.texts('error')).toEqual([`address already in use (0.0.0.0:${taken.port})`]);
});

const UDP_CLIENT = `
	socket = cumulus:createUDPSocket()
	function socket:onReception(data,address)
		NOTE("Reception from "..address..": "..data)
	end
	socket:connect("0.0.0.0:1234")
	NOTE("UDP socket opened on ",socket.address," connected to ",socket.peerAddress)
	socket:send("salut")
`;

test('UDP socket: the client, whose peer is this machine', async () => {
  const peer = closing(await UdpPeer.bind());
  const { log } = await start(withPort(UDP_CLIENT, peer.port));
  const { bytes, port } = await peer.next();
  expect(bytes.toString()).toBe('salut');
  await log.waitFor(`UDP socket opened on 127.0.0.1:${port} connected to 127.0.0.1:${peer.port}`);
  await peer.send('hello', port);
  await log.waitFor(`Reception from 127.0.0.1:${peer.port}: hello`);
  expect(log.texts('error')).toEqual([]);
});

test('the UDP samples talk to each other', async () => {
  const port = await freePort();
  const { log } = await start({
    'echo/main.lua': withPort(UDP_ECHO, port),
    'talk/main.lua': withPort(UDP_CLIENT, port),
  });
  await log.waitFor(`Reception from 127.0.0.1:${port}: salut`);
});

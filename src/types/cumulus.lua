---@meta

-- The API of cumulus-server for the Lua language server. `cumulus-server types` prints where this file is;
-- `.luarc.json` names its folder in `workspace.library`, as `cumulus-server new` does.
--
-- Data are Lua strings of any bytes. Addresses are strings: "192.0.2.1:80", "[2001:db8::1]:80". Nothing blocks: what
-- cannot be answered at once arrives as an event. An event is a function that you put into an object, whenever you like.

---What a server calls, if your main.lua defines it. `state` is what `onStop` of the version before this one has
---returned, and nil at the first start.
---
---    function onStart(path, state)
---    	visits = state and state.visits or 0
---    end
---@alias cumulus.onStart fun(path: string, state: any)

---Before a reload, at removal and at exit. Sockets still work in it, and what is sent still leaves. What it returns –
---numbers, strings, booleans, and tables of these – is handed to `onStart` of the next version.
---@alias cumulus.onStop fun(path: string): any

---Right after the start, then every 2 seconds.
---@alias cumulus.onManage fun()

---For each object with a class name that `cumulus:fromAMF` finds, inner ones first.
---@alias cumulus.onTypedObject fun(type: string, object: table)

---@type cumulus.onStart?
onStart = nil
---@type cumulus.onStop?
onStop = nil
---@type cumulus.onManage?
onManage = nil
---@type cumulus.onTypedObject?
onTypedObject = nil

---The parent application's globals; nil in the root application. A global that this application does not have is
---looked up there, too.
---@type table?
super = nil

---One TCP connection: one that you make with `cumulus:createTCPClient()`, or one that a server has accepted. The same
---object can connect any number of times. It stays open until somebody closes it, also if no variable refers to it.
---@class TCPClient
---@field connected boolean Read-only. True from `connect` or acceptance on, also while the connection is being established.
---@field address string? Read-only. This side, "ip:port"; nil while not established.
---@field peerAddress string? Read-only. The other side, "ip:port"; nil while not established.
---@field error string? Read-only. Why the last connection or attempt ended; nil after an ordinary end.
---@field pending integer Read-only. Bytes that were sent and that the system has not taken yet.
---@field idleTimeout number Seconds without a byte in either direction after which the connection ends, up to 2147483; 0: never. At first `[tcp] idleTimeout`. Anything else raises an error.
---@field onReception (fun(self: TCPClient, data: string): integer?)? Data has come: the bytes kept last time and the new ones. Return how many of the last bytes to keep; nothing or 0: all are consumed.
---@field onDisconnection fun(self: TCPClient)? The connection is over, or could not be made. `self.error` says why, if it was no ordinary end.
---@field onDrain fun(self: TCPClient)? A backlog of more than 64 KiB has left: `pending` is 0.
local TCPClient = {}

---Starts to connect and returns at once; an open connection is ended first. What goes wrong later, the look-up of the
---name included, arrives as `onDisconnection`.
---@param host string Name or address.
---@param port integer|string 1 to 65535.
---@return string? err Why it failed at once; nothing when the connection is on its way.
function TCPClient:connect(host, port) end

---Ends the connection: what was sent still leaves, for up to 10 seconds. Calls `onDisconnection` before it returns.
function TCPClient:disconnect() end

---Sends; also while the connection is being established. All that one event sends leaves together, when it has ended;
---a text of 32 KiB and more may leave at once.
---@param data string|number? "" and nil send nothing.
---@return string? err "TCPClient not connected", or that `[tcp] sendLimit` is reached: nothing is sent then, and an ERROR is logged.
function TCPClient:send(data) end

---Stops receiving: the peer is slowed down until `resume`.
function TCPClient:pause() end

---Goes on receiving.
function TCPClient:resume() end

---A listening TCP port.
---@class TCPServer
---@field port integer Read-only. The port of the last successful `start`, 0 before.
---@field running boolean Read-only. True while it listens.
---@field connections integer Read-only. Accepted connections that are open.
---@field maxConnections integer? Connections above this number are closed at once, with a WARN; 0 or nil: no limit.
---@field clientHandler fun(self: TCPServer, client: TCPClient)? A connection has been accepted: give `client` its events. Without it connections are closed at once.
local TCPServer = {}

---Listens on all interfaces, IPv4 and IPv6. When it fails, a server that is running goes on on its old port.
---@param port integer|string 1 to 65535.
---@return boolean started When false, an ERROR says why.
function TCPServer:start(port) end

---Listens no more. Accepted connections stay open.
function TCPServer:stop() end

---A UDP socket: bound to an address, connected to one, or neither. It stays open until it is closed.
---@class UDPSocket
---@field address string? Read-only. This side, "ip:port"; nil when it is not open, and when it is bound to all interfaces and not connected.
---@field peerAddress string? Read-only. What it is connected to; else nil.
---@field pending integer Read-only. Bytes that were sent and that the system has not taken yet.
---@field onReception fun(self: UDPSocket, data: string, address: string)? A datagram has come, from `address`.
local UDPSocket = {}

---Receives what is sent to an address of this machine; "0.0.0.0:1234" and "[::]:1234" are all of them. Port 0: one that
---is free, see `address`. Not on a connected socket.
---@param address string "host:port"
---@return string? err Why it failed; nothing when it is bound.
function UDPSocket:bind(address) end

---From now on `send` needs no address, and only what comes from this one is received. Errors are logged.
---@param address string "host:port"
function UDPSocket:connect(address) end

---Sends one datagram. Errors are logged.
---@param data string|number? At most 65507 bytes.
---@param address string? "host:port"; not needed on a connected socket.
function UDPSocket:send(data, address) end

---Closes it. `bind`, `connect` and `send` open it again.
function UDPSocket:close() end

---A mail on its way.
---@class Mail
---@field onSent fun(self: Mail, err: string?)? Called exactly once, later: the mail has left (`err` is nil), or why not.
local Mail = {}

---RTMFP clients, groups, streams, servers: this server has none, so it is always empty.
---@class Collection
---@field count integer Read-only. 0.
---@operator call(any): nil
local Collection = {}

---@return fun(): nil
function Collection:pairs() end

---@return fun(): nil
function Collection:ipairs() end

---@class Groups: Collection
local Groups = {}

---Does nothing but to log a WARN: there is no RTMFP.
---@deprecated
---@param peerId string
---@param groupId string
---@return nil
function Groups:join(peerId, groupId) end

---@class Broadcaster: Collection
local Broadcaster = {}

---Does nothing: there are no other servers.
---@param handler string
---@param ... any
function Broadcaster:broadcast(handler, ...) end

---@class Servers: Broadcaster
---@field initiators Broadcaster Servers that have connected to this one: none.
---@field targets Broadcaster Servers that this one has connected to: none.
local Servers = {}

---@class cumulus
---@field configs table<string, any> The configuration file as nested tables: `cumulus.configs.smtp.host`. Values are strings; only `false` is a boolean. `configs.application` says where the server is.
---@field epochTime integer Read-only. Milliseconds since 1970.
---@field publicAddress string Read-only. The key `publicAddress` of the configuration, "" without it.
---@field clients Collection Read-only. Empty: there is no RTMFP.
---@field groups Groups Read-only. Empty: there is no RTMFP.
---@field publications Collection Read-only. Empty: there is no RTMFP.
---@field servers Servers Read-only. Empty: there is no RTMFP.
cumulus = {}

---@return TCPClient client Not connected.
function cumulus:createTCPClient() end

---@return TCPServer server Not running.
function cumulus:createTCPServer() end

---@param allowBroadcast boolean? May send to broadcast addresses.
---@return UDPSocket socket Not open.
function cumulus:createUDPSocket(allowBroadcast) end

---Sends a mail through the server of `[smtp]`, as UTF-8 text. Set `onSent` on what it returns.
---@param sender string "bob@example.org" or "Bob <bob@example.org>"
---@param subject string?
---@param content string?
---@param ... string Recipients, written like the sender.
---@return Mail mail
function cumulus:sendMail(sender, subject, content, ...) end

---Cuts a text at each of the separators.
---@param text string "" has no parts.
---@param separators string Each of its characters separates.
---@param options integer? 1: drop empty parts, 2: trim them, 3: both.
---@return string ... The parts.
function cumulus:split(text, separators, options) end

---@param ... string
---@return string? ... For each its digest, 16 bytes; nil, with an ERROR, for one that is no string.
function cumulus:md5(...) end

---@param ... string
---@return string? ... For each its digest, 32 bytes; nil, with an ERROR, for one that is no string.
function cumulus:sha256(...) end

---The folder of an application on the disk, with a slash at the end.
---@param path string As `onStart` is given it: "" or "/Games/lobby".
---@return string folder
function cumulus:absolutePath(path) end

---Encodes values as AMF3, for Flash clients. What AMF does not have, a function for one, is null, with a WARN.
---@param ... any
---@return string? bytes At most 64 MiB and 200 levels of tables; beyond that nil, with an ERROR.
function cumulus:toAMF(...) end

---Encodes values as AMF0.
---@param ... any
---@return string? bytes At most 64 MiB and 200 levels of tables; beyond that nil, with an ERROR.
function cumulus:toAMF0(...) end

---Decodes an AMF message. What is none gives nothing, and an ERROR.
---@param bytes string
---@return any ... The values.
function cumulus:fromAMF(bytes) end

---From now on connections and datagrams from these addresses are dropped, for all applications, until the server ends.
---@param ... string IP addresses, without a port.
function cumulus:addToBlacklist(...) end

---Takes addresses from that list.
---@param ... string IP addresses, without a port.
function cumulus:removeFromBlacklist(...) end

---Does nothing but to log a WARN: there is no RTMFP.
---@deprecated
---@param name string
---@return nil
function cumulus:publish(name) end

---Logs its arguments, joined without a separator, with the file and line of the caller: something that ends the service.
---@param ... any
function FATAL(...) end

---Like FATAL: something that must be seen to at once.
---@param ... any
function CRITIC(...) end

---Like FATAL: something has failed.
---@param ... any
function ERROR(...) end

---Like FATAL: something that may become a problem.
---@param ... any
function WARN(...) end

---Like FATAL: something that an operator wants to know.
---@param ... any
function NOTE(...) end

---Like FATAL: something that is good to know. The least important level that is shown by default.
---@param ... any
function INFO(...) end

---Like FATAL: for finding mistakes, shown with `[logs] level=debug`.
---@param ... any
function DEBUG(...) end

---Like FATAL: in more detail, shown with `[logs] level=trace`.
---@param ... any
function TRACE(...) end

---LuaJIT's operations on 32 bits. Results are signed, -2147483648 to 2147483647.
bit = {}

---The number as the 32 bits that the others work on.
---@param x number
---@return integer
function bit.tobit(x) end

---@param x number
---@param digits integer? Number of digits, 8 by default; negative: in capitals.
---@return string
function bit.tohex(x, digits) end

---@param x number
---@return integer
function bit.bnot(x) end

---@param x number
---@param ... number
---@return integer
function bit.band(x, ...) end

---@param x number
---@param ... number
---@return integer
function bit.bor(x, ...) end

---@param x number
---@param ... number
---@return integer
function bit.bxor(x, ...) end

---@param x number
---@param n integer Bits, 0 to 31.
---@return integer
function bit.lshift(x, n) end

---Zeros come in from the left.
---@param x number
---@param n integer Bits, 0 to 31.
---@return integer
function bit.rshift(x, n) end

---Copies of the sign come in from the left.
---@param x number
---@param n integer Bits, 0 to 31.
---@return integer
function bit.arshift(x, n) end

---@param x number
---@param n integer Bits, 0 to 31.
---@return integer
function bit.rol(x, n) end

---@param x number
---@param n integer Bits, 0 to 31.
---@return integer
function bit.ror(x, n) end

---The four bytes in reverse order.
---@param x number
---@return integer
function bit.bswap(x) end

-- Names of Lua 5.1 and LuaJIT, which are there in both versions of Lua and do what they did.

---@param list table
---@param first integer? 1 by default.
---@param last integer? `#list` by default.
---@return any ...
function unpack(list, first, last) end

---@param text string
---@param name string?
---@return function? chunk
---@return string? err
function loadstring(text, name) end

---@param f (function|integer)? A function, or a level: 1, the default, is the caller.
---@return table env
function getfenv(f) end

---@param f function|integer A function, or a level; 0: what is loaded from now on.
---@param env table
---@return function? f
function setfenv(f, env) end

---@param name string
---@param ... fun(module: table) Such as `package.seeall`.
function module(name, ...) end

---@param like (boolean|userdata)?
---@return userdata proxy
function newproxy(like) end

---@return integer memory That Lua uses, KiB.
function gcinfo() end

---@param module table
function package.seeall(module) end

---The searchers of `require`.
package.loaders = {}

---@param list table
---@return integer length
function table.getn(list) end

---Raises an error, as it did in Lua 5.1.
---@param list table
---@param length integer
function table.setn(list, length) end

---@param list table
---@return number key The largest one that is a number; 0 without any.
function table.maxn(list) end

---@param list table
---@param f fun(key: any, value: any): any
---@return any result The first of `f` that is not nil.
function table.foreach(list, f) end

---@param list table
---@param f fun(index: integer, value: any): any
---@return any result The first of `f` that is not nil.
function table.foreachi(list, f) end

---@param text string
---@param pattern string
---@return fun(): string?, ...
function string.gfind(text, pattern) end

---@param y number
---@param x number
---@return number radians
function math.atan2(y, x) end

---@param x number
---@return number
function math.cosh(x) end

---@param x number
---@return number
function math.sinh(x) end

---@param x number
---@return number
function math.tanh(x) end

---@param x number
---@return number
function math.log10(x) end

---@param x number
---@param y number
---@return number
function math.pow(x, y) end

---@param x number
---@param y number
---@return number
function math.mod(x, y) end

---@param x number
---@return number mantissa
---@return integer exponent
function math.frexp(x) end

---@param mantissa number
---@param exponent integer
---@return number
function math.ldexp(mantissa, exponent) end

---LuaJIT's compiler, which is off: its switches do nothing.
---@class jit
---@field version string "LuaJIT (off)"
---@field version_num integer 0
---@field os string "Linux", "OSX", "Windows" or "Other"
---@field arch string Such as "x64".
---@field opt table Has `start`, which does nothing.
jit = {}

---@return boolean on False.
function jit.status() end

---@param ... any
function jit.on(...) end

---@param ... any
function jit.off(...) end

---@param ... any
function jit.flush(...) end

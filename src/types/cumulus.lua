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
---@field idleTimeout number Seconds without a byte in either direction after which the connection ends; 0: never. At first `[tcp] idleTimeout`.
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

---Sends; also while the connection is being established. All that one event sends leaves together, when it has ended.
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

---@class cumulus
---@field configs table<string, any> The configuration file as nested tables: `cumulus.configs.smtp.host`. Values are strings; only `false` is a boolean. `configs.application` says where the server is.
---@field epochTime integer Read-only. Milliseconds since 1970.
---@field publicAddress string Read-only. The key `publicAddress` of the configuration, "" without it.
---@field clients Collection Read-only. Empty: there is no RTMFP.
---@field groups Collection Read-only. Empty: there is no RTMFP.
---@field publications Collection Read-only. Empty: there is no RTMFP.
---@field servers Collection Read-only. Empty: there is no RTMFP.
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
---@return string ... For each its digest, 16 bytes.
function cumulus:md5(...) end

---@param ... string
---@return string ... For each its digest, 32 bytes.
function cumulus:sha256(...) end

---The folder of an application on the disk, with a slash at the end.
---@param path string As `onStart` is given it: "" or "/Games/lobby".
---@return string folder
function cumulus:absolutePath(path) end

---Encodes values as AMF3, for Flash clients. What AMF does not have, a function for one, is null, with a WARN.
---@param ... any
---@return string bytes
function cumulus:toAMF(...) end

---Encodes values as AMF0.
---@param ... any
---@return string bytes
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

-- Opens sockets that no variable refers to, and collects garbage. A line is "tcp PORT", which dials, or "udp PORT",
-- whose socket says hello; each sends back what it receives, until the peer ends it.
local function dial(port)
	local client = cumulus:createTCPClient()
	function client:onReception(data)
		self:send(data)
		return 0
	end
	client:connect("127.0.0.1", port)
end

local function open(port)
	local socket = cumulus:createUDPSocket()
	function socket:onReception(data, address)
		if data == "end" then return self:close() end
		self:send(data, address)
	end
	socket:send("hello", "127.0.0.1:" .. port)
end

local function serve()
	local server = cumulus:createTCPServer()
	function server:clientHandler(client)
		function client:onReception(data)
			local start = 1
			for kind, port, stop in data:gmatch("(%a+) (%d+)\n()") do
				if kind == "tcp" then dial(port) else open(port) end
				start = stop
			end
			collectgarbage()
			return #data - start + 1
		end
	end
	server:start(PORT)
end

serve()

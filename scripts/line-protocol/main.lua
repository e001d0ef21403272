-- A line protocol: commands of one line, answered with one line. A start for a device gateway or a game lobby.
--   nc localhost 1237       SET lamp on  ·  GET lamp  ·  LIST  ·  QUIT

local PORT = 1237
local MAX_LINE = 4096

server = cumulus:createTCPServer()
local values = {}

-- One function a command: it gets the client and the rest of the line, and returns the answer.
local commands = {}

function commands.SET(client, rest)
	local key, value = rest:match("^(%S+)%s+(.+)$")
	if not key then return "ERROR usage: SET key value" end
	values[key] = value
	return "OK"
end

function commands.GET(client, rest)
	return values[rest] and "OK " .. values[rest] or "ERROR no such key"
end

function commands.LIST(client, rest)
	local keys = {}
	for key in pairs(values) do
		keys[#keys + 1] = key
	end
	table.sort(keys)
	return "OK " .. table.concat(keys, " ")
end

function commands.QUIT(client, rest)
	client:send("BYE\n")
	client:disconnect()
end

local function onLine(client, line)
	local name, rest = line:match("^(%S+)%s*(.-)%s*$")
	if not name then return end
	local command = commands[name:upper()]
	local answer = command and command(client, rest) or not command and "ERROR unknown command"
	if answer and client.connected then client:send(answer .. "\n") end
end

function server:clientHandler(client)
	-- Calls onLine for each complete line. What is returned is kept, and comes again in front of the next data.
	function client:onReception(data)
		local start = 1
		for line, stop in data:gmatch("([^\r\n]*)\r?\n()") do
			onLine(self, line)
			if not self.connected then return 0 end
			start = stop
		end
		if #data - start + 1 > MAX_LINE then
			self:send("ERROR line too long\n")
			self:disconnect()
			return 0
		end
		return #data - start + 1
	end

	function client:onDisconnection()
		if self.error then WARN(self.error) end
	end
end

-- What is returned here is given to onStart of the next version: the values survive a reload.
function onStop(path)
	return { values = values }
end

function onStart(path, state)
	if state then values = state.values end
	if server:start(PORT) then
		NOTE("line protocol; try: nc localhost ", PORT, " and type SET lamp on")
	end
end

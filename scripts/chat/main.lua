-- A chat: every line that a client sends goes to all the others. The first line is the name.
--   nc localhost 1235     (twice, in two terminals)

local PORT = 1235

server = cumulus:createTCPServer()
local names = {} -- client → name, or false as long as it has none

local function broadcast(text, except)
	for client, name in pairs(names) do
		if name and client ~= except then client:send(text .. "\n") end
	end
end

local function onLine(client, line)
	local name = names[client]
	if name then
		broadcast(name .. ": " .. line, client)
	elseif line ~= "" then
		names[client] = line
		client:send("Hello " .. line .. ".\n")
		broadcast("* " .. line .. " has joined", client)
	end
end

function server:clientHandler(client)
	names[client] = false
	client:send("Your name?\n")

	-- Calls onLine for each complete line and keeps the unfinished one, whose bytes come again with the next data.
	function client:onReception(data)
		local start = 1
		for line, stop in data:gmatch("([^\r\n]*)\r?\n()") do
			onLine(self, line)
			start = stop
		end
		return #data - start + 1
	end

	function client:onDisconnection()
		local name = names[self]
		names[self] = nil
		if name then broadcast("* " .. name .. " has left") end
	end
end

function onStart(path)
	if server:start(PORT) then
		NOTE("chat; try: nc localhost ", PORT, " in two terminals")
	end
end

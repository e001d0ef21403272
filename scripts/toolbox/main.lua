-- A line service over what the cumulus object can do besides sockets and mail.
--   nc localhost 1238
-- Its commands: time, sha256 TEXT, amf WORD WORD …, ban ADDRESS, pardon ADDRESS.

local PORT = 1238

server = cumulus:createTCPServer()

local function hex(bytes)
	return (bytes:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

local commands = {}

function commands.time() return ("%.0f ms since 1970"):format(cumulus.epochTime) end

function commands.sha256(text) return hex(cumulus:sha256(text)) end

-- The words as one array, in the format that Flash clients read, and back again.
function commands.amf(text)
	local bytes = cumulus:toAMF({ cumulus:split(text, " ", 3) })
	local words = cumulus:fromAMF(bytes)
	return hex(bytes) .. " = " .. table.concat(words, " ")
end

function commands.ban(address)
	if not address:find("^[%x:.]+$") then return "that is no address" end
	cumulus:addToBlacklist(address)
	return "connections and datagrams from there are dropped now"
end

function commands.pardon(address)
	cumulus:removeFromBlacklist(address)
	return "welcome again"
end

local function answer(line)
	local name, rest = line:match("^(%S*)%s*(.-)%s*$")
	local command = commands[name]
	return command and command(rest) or "time, sha256 TEXT, amf WORDS, ban ADDRESS or pardon ADDRESS"
end

function server:clientHandler(client)
	function client:onReception(data)
		local start = 1
		for line, stop in data:gmatch("([^\r\n]*)\r?\n()") do
			self:send(answer(line) .. "\n")
			start = stop
		end
		return #data - start + 1
	end
end

function onStart(path)
	if server:start(PORT) then
		NOTE("toolbox in ", cumulus:absolutePath(path), "; try: nc localhost ", PORT)
	end
end

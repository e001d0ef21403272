-- Answers each line by the version that it is.
local version = "1"
server = cumulus:createTCPServer()

function server:clientHandler(client)
	function client:onReception(data)
		local start = 1
		for stop in data:gmatch("\n()") do
			self:send(version .. "\n")
			start = stop
		end
		return #data - start + 1
	end
end

server:start(PORT)

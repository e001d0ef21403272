-- Is deleted and created again; answers each line.
server = cumulus:createTCPServer()

function server:clientHandler(client)
	function client:onReception(data)
		local start = 1
		for stop in data:gmatch("\n()") do
			self:send("here\n")
			start = stop
		end
		return #data - start + 1
	end
end

server:start(PORT)

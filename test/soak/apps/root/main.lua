-- The root: for each word that it receives it lets the application of that name collect its garbage, and answers how
-- many KiB it uses then.
server = cumulus:createTCPServer()

function server:clientHandler(client)
	function client:onReception(data)
		local line = data:match("^([^\n]*)\n")
		if not line then return #data end
		local answers = {}
		luaMemory()
		for name in line:gmatch("%w+") do
			answers[#answers + 1] = ("%s=%d"):format(name, math.ceil(_G[name].luaMemory()))
		end
		self:send(table.concat(answers, " ") .. "\n")
		return 0
	end
end

server:start(PORT)

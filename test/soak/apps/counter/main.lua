-- Counts lines, for all its versions: each is answered by its number.
local count = 0
server = cumulus:createTCPServer()

function server:clientHandler(client)
	function client:onReception(data)
		local start = 1
		for stop in data:gmatch("\n()") do
			count = count + 1
			self:send(("%d\n"):format(count))
			start = stop
		end
		return #data - start + 1
	end
end

function onStart(path, state)
	if state then count = state.count end
	server:start(PORT)
end

function onStop(path)
	return { count = count }
end

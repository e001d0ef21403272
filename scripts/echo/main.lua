-- A TCP echo: every byte that a client sends comes back.
--   nc localhost 1234

local PORT = 1234

server = cumulus:createTCPServer()

function server:clientHandler(client)
	NOTE("connection from ", client.peerAddress)

	function client:onReception(data)
		self:send(data)
		return 0 -- all has been consumed
	end

	function client:onDisconnection()
		if self.error then ERROR(self.error) end
		NOTE("disconnection")
	end
end

function onStart(path)
	if server:start(PORT) then
		NOTE("TCP echo; try: nc localhost ", PORT)
	end
end

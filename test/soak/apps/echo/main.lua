-- Sends back what it receives, and never reads faster than the peer takes it.
server = cumulus:createTCPServer()

function server:clientHandler(client)
	function client:onReception(data)
		if self.pending > 65536 then self:pause() end
		self:send(data)
		return 0
	end

	function client:onDrain()
		self:resume()
	end
end

server:start(PORT)

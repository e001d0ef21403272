-- Sends each datagram back.
socket = cumulus:createUDPSocket()

function socket:onReception(data, address)
	self:send(data, address)
end

assert(not socket:bind("127.0.0.1:" .. ("%d"):format(PORT)))

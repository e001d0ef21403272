-- A UDP echo: every datagram goes back to who sent it.
--   nc -u 127.0.0.1 1234

local ADDRESS = "0.0.0.0:1234"

socket = cumulus:createUDPSocket()

function socket:onReception(data, address)
	self:send(data, address)
end

function onStart(path)
	local err = socket:bind(ADDRESS)
	if err then
		ERROR(err)
	else
		NOTE("UDP echo; try: nc -u 127.0.0.1 1234")
	end
end

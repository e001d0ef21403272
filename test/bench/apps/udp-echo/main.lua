-- The documented UDP echo.
socket = cumulus:createUDPSocket()
function socket:onReception(data, address)
  self:send(data, address)
end
local err = socket:bind("0.0.0.0:" .. PORT)
if err then ERROR(err) end

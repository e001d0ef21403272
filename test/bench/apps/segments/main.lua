-- Keeps everything until a message of 1 MiB is complete, then answers one byte.
local SIZE = 1048576
server = cumulus:createTCPServer()
function server:clientHandler(client)
  function client:onReception(data)
    if #data < SIZE then return #data end
    self:send(".")
    return #data - SIZE
  end
end
server:start(PORT)

-- Request lines, each answered by a send of its own.
server = cumulus:createTCPServer()
function server:clientHandler(client)
  function client:onReception(data)
    local start = 1
    while true do
      local stop = data:find("\n", start, true)
      if not stop then return #data - start + 1 end
      self:send(data:sub(start, stop))
      start = stop + 1
    end
  end
end
server:start(PORT)

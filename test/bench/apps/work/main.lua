-- Every byte received runs the CPU-bound script once.
server = cumulus:createTCPServer()
function server:clientHandler(client)
  function client:onReception(data)
    for _ = 1, #data do work() end
    self:send(data)
    return 0
  end
end
server:start(PORT)

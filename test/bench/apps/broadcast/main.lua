-- Whatever one connection sends goes to all the others.
clients = {}
server = cumulus:createTCPServer()
function server:clientHandler(client)
  clients[client] = true
  function client:onReception(data)
    for other in pairs(clients) do
      if other ~= self then other:send(data) end
    end
    return 0
  end
  function client:onDisconnection()
    clients[self] = nil
  end
end
server:start(PORT)

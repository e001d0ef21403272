-- The documented echo.
server = cumulus:createTCPServer()
function server:clientHandler(client)
  function client:onReception(data)
    self:send(data)
    return 0
  end
end
server:start(PORT)

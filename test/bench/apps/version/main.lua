-- Answers its version, which the benchmark writes in front, to everything that is sent.
server = cumulus:createTCPServer()
function server:clientHandler(client)
  function client:onReception(data)
    self:send(VERSION .. "\n")
    return 0
  end
end
server:start(PORT)

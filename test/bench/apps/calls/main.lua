-- "kid 1000" calls a function of the child application a thousand times, "own 1000" one of its own; then answers.
function answer(n) return n + 1 end

local loops = {}
function loops.kid(count)
  for i = 1, count do kid.answer(i) end
end
function loops.own(count)
  for i = 1, count do answer(i) end
end

server = cumulus:createTCPServer()
function server:clientHandler(client)
  function client:onReception(data)
    local name, count = data:match("^(%a+) (%d+)\n$")
    if not name then return #data end
    if name == "kid" and not (kid and kid.answer) then
      self:send("none\n")
    else
      loops[name](tonumber(count))
      self:send("done\n")
    end
    return 0
  end
end
server:start(PORT)

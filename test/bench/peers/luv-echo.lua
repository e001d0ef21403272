-- A TCP or UDP echo on libuv, in C but for this file: luajit luv-echo.lua tcp|udp PORT
local uv = require("luv")
local protocol, port = arg[1], tonumber(arg[2])

local function tcp()
  local server = uv.new_tcp()
  server:bind("0.0.0.0", port)
  server:listen(1024, function()
    local client = uv.new_tcp()
    server:accept(client)
    client:nodelay(true)
    client:read_start(function(err, data)
      if data then
        client:write(data)
      elseif not client:is_closing() then
        client:close()
      end
    end)
  end)
end

local function udp()
  local socket = uv.new_udp()
  socket:bind("0.0.0.0", port)
  socket:recv_start(function(err, data, from)
    if data then socket:send(data, from.ip, from.port, function() end) end
  end)
end

if protocol == "udp" then udp() else tcp() end
uv.run()

-- Calls `ended` when the garbage collector has been through: by the finalizer of something that nobody refers to, made
-- anew each time.

local ended = ...
local setmetatable, newproxy = setmetatable, newproxy

if _VERSION == 'Lua 5.1' then
  local prototype = newproxy(true)
  debug.getmetatable(prototype).__gc = function(proxy)
    if proxy == prototype then return end
    ended()
    newproxy(prototype)
  end
  newproxy(prototype)
else
  local meta = {}
  function meta.__gc()
    ended()
    setmetatable({}, meta)
  end
  setmetatable({}, meta)
end

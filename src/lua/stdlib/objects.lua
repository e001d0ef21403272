-- Objects of the API: tables that scripts may add to, whose methods and properties are the host's.
--
-- Look-up of methods stays inside Lua; only a property's value is asked of the host. `after_collection` is called when
-- the garbage collector has been through: by the finalizer of something that nobody refers to, made anew each time.

local after_collection, warn_read_only = ...
local setmetatable, rawset, newproxy = setmetatable, rawset, newproxy

if _VERSION == 'Lua 5.1' then
  local prototype = newproxy(true)
  debug.getmetatable(prototype).__gc = function(proxy)
    if proxy == prototype then return end
    after_collection()
    newproxy(prototype)
  end
  newproxy(prototype)
else
  local meta = {}
  function meta.__gc()
    after_collection()
    setmetatable({}, meta)
  end
  setmetatable({}, meta)
end

-- Returns the metatable of a class.
-- `additions` are properties that the original did not have: a script's own field of that name takes their place.
return function(name, methods, getters, setters, additions)
  local meta = { __metatable = name, __name = name }

  function meta.__index(self, key)
    local method = methods[key]
    if method then return method end
    local get = getters[key]
    if get then return get(self) end
  end

  function meta.__newindex(self, key, value)
    local set = setters[key]
    if set then return set(self, value) end
    if getters[key] and not additions[key] then return warn_read_only(name, key) end
    rawset(self, key, value)
  end

  return meta
end

-- Objects of the API: tables that scripts may add to, whose methods and properties are the host's.
--
-- Look-up of methods stays inside Lua; only a property's value is asked of the host.

local warn_read_only = ...
local rawset = rawset

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

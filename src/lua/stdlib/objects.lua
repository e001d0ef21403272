-- Objects of the API: tables that scripts may add to, whose methods and properties are the host's.
--
-- Look-up of methods stays inside Lua; only a property's value is asked of the host. An object that is collected is
-- reported to `release`: by its metatable in 5.4, by an anchor in 5.1, where tables have no finalizers.

local release, warn_read_only = ...
local setmetatable, rawset, newproxy = setmetatable, rawset, newproxy
local anchor

if _VERSION == 'Lua 5.1' then
  local anchors = setmetatable({}, { __mode = 'k' })
  local identity = setmetatable({}, { __mode = 'k' })
  local prototype = newproxy(true)
  debug.getmetatable(prototype).__gc = function(proxy)
    if identity[proxy] then release(identity[proxy]) end
  end
  function anchor(object, id)
    local proxy = newproxy(prototype)
    identity[proxy] = id
    anchors[object] = proxy
  end
end

-- Returns the constructor of a class: constructor(id) → object.
return function(name, methods, getters, setters)
  local meta = { __metatable = name, __name = name, __gc = release }

  function meta.__index(self, key)
    local method = methods[key]
    if method then return method end
    local get = getters[key]
    if get then return get(self) end
  end

  function meta.__newindex(self, key, value)
    local set = setters[key]
    if set then return set(self, value) end
    if getters[key] then return warn_read_only(name, key) end
    rawset(self, key, value)
  end

  return function(id)
    local object = setmetatable({}, meta)
    if anchor then anchor(object, id) end
    return object
  end
end

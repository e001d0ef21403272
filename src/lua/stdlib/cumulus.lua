-- The metatable of `cumulus`: its methods and `configs` are ordinary fields, found without it and open to change;
-- only what is asked of the host at each use goes through here.

local cumulus, getters, warn_read_only = ...
local setmetatable, rawset = setmetatable, rawset

local meta = { __metatable = 'cumulus', __name = 'cumulus' }

function meta.__index(_, key)
  local get = getters[key]
  if get then return get() end
end

function meta.__newindex(self, key, value)
  if getters[key] then return warn_read_only(key) end
  rawset(self, key, value)
end

return setmetatable(cumulus, meta)

-- What scripts of the original find about its RTMFP clients, for a server that has none: collections that are empty.
-- Their members are the original's: count, pairs and ipairs, a call to look one up, and what some have besides.

local warn, warn_read_only = ...
local next, setmetatable, rawset = next, setmetatable, rawset

local function walk() return next, {} end
local function nothing() end

local function collection(name, more)
  local members = { pairs = walk, ipairs = walk }
  for key, value in next, more or {} do members[key] = value end
  local meta = { __metatable = name, __name = name, __call = nothing }

  function meta.__index(_, key)
    if key == 'count' then return 0 end
    return members[key]
  end

  function meta.__newindex(self, key, value)
    if key == 'count' then return warn_read_only(name, key) end
    rawset(self, key, value)
  end

  return setmetatable({}, meta)
end

local function join()
  warn('groups:join')
  return nil
end

return {
  clients = collection('Clients'),
  groups = collection('Groups', { join = join }),
  publications = collection('Publications'),
  servers = collection('Servers', {
    broadcast = nothing,
    initiators = collection('Broadcaster', { broadcast = nothing }),
    targets = collection('Broadcaster', { broadcast = nothing }),
  }),
}

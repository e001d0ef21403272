-- Lua 5.1: lets a proxied table, which is a userdata there, pass for a table in the standard functions.
--
-- What has to be a table is looked at first, so that an ordinary table costs one call more and an error has the
-- caller's position. Functions that change or read a whole table are done where the table is, in one call.

local ids, remote, step, operations = (...).ids, (...).remote, (...).step, (...).operations
local type, next, ipairs, unpack, select, tostring = type, next, ipairs, unpack, select, tostring
local error, table, rawget = error, table, rawget

_G.type = function(...)
  local name = type(...)
  if name == 'userdata' and ids[...] then return 'table' end
  return name
end

local function refuse(name, value)
  error("bad argument #1 to '" .. name .. "' (table expected, got " .. (value == nil and 'nil' or type(value)) .. ')', 3)
end

_G.next = function(t, k)
  if type(t) == 'table' then return next(t, k) end
  if ids[t] then return step(t, k) end
  refuse('next', t)
end

_G.pairs = function(t)
  if type(t) == 'table' then return next, t, nil end
  if ids[t] then return step, t, nil end
  refuse('pairs', t)
end

-- With the caller's position, which an error of the original would not have.
local setmetatable, metatable_of = setmetatable, debug.getmetatable
_G.setmetatable = function(...)
  local object, meta = ...
  if type(object) ~= 'table' and not ids[object] then refuse('setmetatable', object) end
  if select('#', ...) < 2 or meta ~= nil and type(meta) ~= 'table' and not ids[meta] then
    error("bad argument #2 to 'setmetatable' (nil or table expected)", 2)
  end
  local old = metatable_of(object)
  if old and rawget(old, '__metatable') ~= nil then error('cannot change a protected metatable', 2) end
  return setmetatable(object, meta)
end

local iterate = ipairs({})
local function step_index(t, i)
  local value = t[i + 1]
  if value ~= nil then return i + 1, value end
end

_G.ipairs = function(t)
  if type(t) == 'table' then return iterate, t, 0 end
  if ids[t] then return step_index, t, 0 end
  refuse('ipairs', t)
end

local function forward(library, name)
  local original = library[name]
  local operation = 'table.' .. name
  operations[operation] = original
  library[name] = function(t, ...)
    if type(t) == 'table' then return original(t, ...) end
    if ids[t] then return remote(operation, t, t, ...) end
    refuse(name, t)
  end
end

for _, name in next, { 'insert', 'remove', 'concat', 'sort', 'maxn', 'getn', 'foreach', 'foreachi' } do
  forward(table, name)
end
for _, name in next, { 'unpack', 'rawget', 'rawset' } do forward(_G, name) end

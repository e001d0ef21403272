-- Lua 5.1's names on Lua 5.4: environments of functions, `module`, and what has left the libraries since.
--
-- A function's environment in 5.4 is its upvalue _ENV. Setting it gives that function an upvalue of its own, so that no
-- other function is concerned, as in 5.1. A function that uses no globals has none: its environment is remembered, and
-- of no consequence.

local host = ...
local error, getmetatable, next, pairs, ipairs, rawget, rawlen, setmetatable, tonumber, type =
  error, getmetatable, next, pairs, ipairs, rawget, rawlen, setmetatable, tonumber, type
local getinfo, getupvalue, upvaluejoin = debug.getinfo, debug.getupvalue, debug.upvaluejoin
local registry, set_metatable = debug.getregistry(), debug.setmetatable
local find, gmatch, match, sub = string.find, string.gmatch, string.match, string.sub
local floor, log, huge, fmod = math.floor, math.log, math.huge, math.fmod
local collectgarbage, load = collectgarbage, load
local loaded = package.loaded
local globals = _G
local RIDX_GLOBALS = 2

local without_upvalue = setmetatable({}, { __mode = 'k' })

local function bad_argument(i, name, reason, level)
  error("bad argument #" .. i .. " to '" .. name .. "' (" .. reason .. ')', level + 1)
end

local function check_table(value, name)
  if type(value) ~= 'table' then bad_argument(1, name, 'table expected, got ' .. type(value), 3) end
end

local function env_index(f)
  for i = 1, 255 do
    local name = getupvalue(f, i)
    if name == '_ENV' then return i end
    if not name then return nil end
  end
end

-- Scripts have no business in our functions, nor in C's, which have no environment here.
local function is_foreign(f)
  local info = getinfo(f, 'S')
  return info.what == 'C' or find(info.source, '^=%[cumulus%]/') ~= nil
end

-- The function that argument `f` means, counted from the caller of the caller of this; nil for level 0.
local function function_at(f, name)
  if type(f) == 'function' then return f end
  local level = tonumber(f)
  if not level then bad_argument(1, name, 'number expected, got ' .. type(f), 3) end
  if level < 0 then bad_argument(1, name, 'level must be non-negative', 3) end
  if level == 0 then return nil end
  local info = getinfo(floor(level) + 2, 'f')
  if not info then bad_argument(1, name, 'invalid level', 3) end
  return info.func
end

local function get_environment(f)
  local i = env_index(f)
  if i and not is_foreign(f) then
    local _, env = getupvalue(f, i)
    return env
  end
  return without_upvalue[f] or registry[RIDX_GLOBALS]
end

local function set_environment(f, env)
  local i = env_index(f)
  if i then upvaluejoin(f, i, function() return env end, 1) else without_upvalue[f] = env end
end

function getfenv(f)
  if f == nil then f = 1 end
  local target = function_at(f, 'getfenv')
  if target then return get_environment(target) end
  return registry[RIDX_GLOBALS]
end

function setfenv(f, env)
  if type(env) ~= 'table' then bad_argument(2, 'setfenv', 'table expected, got ' .. type(env), 2) end
  local target = function_at(f, 'setfenv')
  if not target then
    -- What is loaded from now on has this environment.
    registry[RIDX_GLOBALS] = env
    return
  end
  if is_foreign(target) then error("'setfenv' cannot change environment of given object", 2) end
  set_environment(target, env)
  return target
end

-- The table at "a.b.c", made where there is none; nil where something else is.
local function find_table(root, path)
  for name in gmatch(path, '[^.]+') do
    local value = rawget(root, name)
    if value == nil then
      value = {}
      root[name] = value
    elseif type(value) ~= 'table' then
      return nil
    end
    root = value
  end
  return root
end

function module(name, ...)
  if type(name) ~= 'string' then bad_argument(1, 'module', 'string expected, got ' .. type(name), 2) end
  local caller = getinfo(2, 'f').func
  if is_foreign(caller) then error("'module' not called from a Lua function", 2) end
  local self = loaded[name]
  if type(self) ~= 'table' then
    self = find_table(globals, name)
    if not self then error("name conflict for module '" .. name .. "'", 2) end
    loaded[name] = self
  end
  if self._NAME == nil then
    self._M, self._NAME, self._PACKAGE = self, name, match(name, '^(.*%.)[^.]*$') or ''
  end
  set_environment(caller, self)
  -- `module(...)` in a file that 5.4's require has given its path, too.
  for _, option in ipairs({ ... }) do
    if type(option) ~= 'string' then option(self) end
  end
end

function package.seeall(module)
  check_table(module, 'seeall')
  local meta = getmetatable(module)
  if not meta then
    meta = {}
    setmetatable(module, meta)
  end
  meta.__index = globals
end

unpack = table.unpack

function loadstring(text, name)
  if type(text) ~= 'string' and type(text) ~= 'number' then
    bad_argument(1, 'loadstring', 'string expected, got ' .. type(text), 2)
  end
  text = text .. ''
  return load(text, name or text, 't')
end

function gcinfo() return floor(collectgarbage('count')) end

-- A userdata. `true`: with a metatable of its own; another one: with the same as that.
function newproxy(like)
  local proxy = host.userdata()
  if like == nil or like == false then return proxy end
  local meta = like == true and {} or type(like) == 'userdata' and getmetatable(like)
  if type(meta) ~= 'table' then bad_argument(1, 'newproxy', 'boolean or proxy expected', 2) end
  if rawget(meta, '__gc') ~= nil then error('__gc is refused: nothing could stop a finalizer that does not end', 2) end
  return set_metatable(proxy, meta)
end

function table.getn(list)
  check_table(list, 'getn')
  return rawlen(list)
end

function table.setn(list)
  check_table(list, 'setn')
  error("'setn' is obsolete", 2)
end

function table.maxn(list)
  check_table(list, 'maxn')
  local most = 0
  for key in next, list do
    if type(key) == 'number' and key > most then most = key end
  end
  return most
end

function table.foreach(list, f)
  check_table(list, 'foreach')
  for key, value in next, list do
    local result = f(key, value)
    if result ~= nil then return result end
  end
end

function table.foreachi(list, f)
  check_table(list, 'foreachi')
  for i = 1, rawlen(list) do
    local result = f(i, rawget(list, i))
    if result ~= nil then return result end
  end
end

string.gfind = gmatch

function math.pow(x, y) return x ^ y end
function math.log10(x) return log(x, 10) end
math.atan2, math.mod = math.atan, fmod
math.cosh, math.sinh, math.tanh = host.cosh, host.sinh, host.tanh

-- In two steps where 2 ^ exponent alone is too large or too small.
function math.ldexp(mantissa, exponent)
  exponent = floor(exponent)
  if exponent > 2200 then exponent = 2200 elseif exponent < -2200 then exponent = -2200 end
  local half = exponent // 2
  if half > 1000 or half < -1000 then
    mantissa, exponent = mantissa * 2.0 ^ (half // 2) * 2.0 ^ (half // 2), exponent - half // 2 * 2
    half = exponent // 2
  end
  return mantissa * 2.0 ^ half * 2.0 ^ (exponent - half)
end

function math.frexp(x)
  if x == 0 or x ~= x or x == huge or x == -huge then return x + 0.0, 0 end
  local exponent, mantissa = 0, x + 0.0
  if mantissa < 2.0 ^ -1022 and mantissa > -2.0 ^ -1022 then mantissa, exponent = mantissa * 2.0 ^ 54, -54 end
  local power = floor(log(mantissa < 0 and -mantissa or mantissa, 2)) + 1
  mantissa, exponent = mantissa / 2.0 ^ (power - 1) / 2, exponent + power
  if mantissa >= 1 or mantissa <= -1 then return mantissa / 2, exponent + 1 end
  if mantissa < 0.5 and mantissa > -0.5 then return mantissa * 2, exponent - 1 end
  return mantissa, exponent
end

-- Proxies of what lives in other applications' machines, and what these ask of this one.
--
-- A table's proxy is a table (Lua 5.1: a userdata, whose `#` can be answered), a function's proxy is a function of the
-- host's. Each is registered both ways in weak tables, and reports to `release` when it has been collected: by its
-- metatable, or by an anchor that only the function refers to.

local host, describe = ...
local setmetatable, getmetatable, newproxy = setmetatable, debug.getmetatable, newproxy
local collectgarbage, error, tostring, type, next, pairs = collectgarbage, error, tostring, type, next, pairs
local rawget, rawset, rawlen, gsub, substring = rawget, rawset, rawlen, string.gsub, string.sub
local remote, release = host.remote, host.release
local is51 = _VERSION == 'Lua 5.1'

local ids = setmetatable({}, { __mode = 'k' })
local proxies = setmetatable({}, { __mode = 'v' })

-- What is done here for a proxy elsewhere. Operators are not written in C, so that metamethods are asked.
local operations = {
  index = function(t, k) return t[k] end,
  newindex = function(t, k, v) t[k] = v end,
  len = function(t) return #t end,
  next = next,
  rawget = rawget,
  rawset = rawset,
  rawlen = rawlen,
  tostring = tostring,
  eq = function(a, b) return a == b end,
  lt = function(a, b) return a < b end,
  le = function(a, b) return a <= b end,
  concat = function(a, b) return a .. b end,
  add = function(a, b) return a + b end,
  sub = function(a, b) return a - b end,
  mul = function(a, b) return a * b end,
  div = function(a, b) return a / b end,
  mod = function(a, b) return a % b end,
  pow = function(a, b) return a ^ b end,
  unm = function(a) return -a end,
}

-- Nothing for an ordinary table: its entries are asked for one by one.
function operations.pairs(t)
  local meta = getmetatable(t)
  if meta and meta.__pairs then return pairs(t) end
end

local meta = {
  __metatable = false,
  __index = host.index,
  __newindex = host.newindex,
  __call = host.apply,
  __gc = function(proxy) release(ids[proxy]) end,
}

local function plain(value)
  local name = type(value)
  return name ~= 'table' and name ~= 'function' and name ~= 'userdata'
end

-- The operand at whose home the operation is done; none when the other one is of another home: each would ask the other.
local function owner(a, b)
  local x, y = ids[a], ids[b]
  if x and y then return host.together(x, y) and a or nil end
  return x and plain(b) and a or y and plain(a) and b or nil
end

for _, name in next, { 'lt', 'le', 'concat', 'add', 'sub', 'mul', 'div', 'mod', 'pow' } do
  meta['__' .. name] = function(a, b)
    local one = owner(a, b)
    if one then return remote(name, one, a, b) end
    error("operator '" .. name .. "' on tables of different applications", 2)
  end
end

function meta.__eq(a, b)
  local one = owner(a, b)
  return one and remote('eq', one, a, b) or false
end

for _, name in next, { 'len', 'unm', 'tostring' } do
  meta['__' .. name] = function(a) return remote(name, a, a) end
end

local function step(proxy, key) return remote('next', proxy, proxy, key) end

local function iterate(proxy)
  local f, state, first = remote('pairs', proxy, proxy)
  if f then return f, state, first end
  return step, proxy, nil
end
meta.__pairs = iterate

local new_table, new_anchor
if is51 then
  local prototype, anchor_prototype = newproxy(true), newproxy(true)
  for key, value in next, meta do getmetatable(prototype)[key] = value end
  local anchors = setmetatable({}, { __mode = 'k' })
  getmetatable(anchor_prototype).__gc = function(anchor) release(anchors[anchor]) end
  function new_table() return newproxy(prototype) end
  function new_anchor(id)
    local anchor = newproxy(anchor_prototype)
    anchors[anchor] = id
    return anchor
  end
else
  local anchor_meta = { __gc = function(anchor) release(anchor[1]) end }
  function new_table() return setmetatable({}, meta) end
  function new_anchor(id) return setmetatable({ id }, anchor_meta) end
end

-- A proxy is small here and may hold much elsewhere: it counts as a KiB, or this machine's collector would take its time.
local PROXIES = 32
-- One step of 5.1's is as large as that already (pace.ts).
local STEP = is51 and 0 or PROXIES
local created = 0

local function create(id, is_function)
  local proxy = is_function and host.closure(id, new_anchor(id)) or new_table()
  ids[proxy] = id
  proxies[id] = proxy
  created = created + 1
  if created % PROXIES == 0 then collectgarbage('step', STEP) end
  return proxy
end

-- Lua 5.4: what ignores metamethods would see the empty table that a proxy is, or fill it. `pairs` has the real `next`
-- for an ordinary table. Nothing else is looked at here, for speed.
if not is51 then
  _G.next = function(t, k)
    if ids[t] then return step(t, k) end
    return next(t, k)
  end
  _G.rawget = function(t, k)
    if ids[t] then return remote('rawget', t, t, k) end
    return rawget(t, k)
  end
  _G.rawset = function(t, k, v)
    if not ids[t] then return rawset(t, k, v) end
    remote('rawset', t, t, k, v)
    return t
  end
  _G.rawlen = function(v)
    if ids[v] then return remote('rawlen', v, v) end
    return rawlen(v)
  end
end

-- A table of this machine with the entries of a proxy's table, as they are now.
local function copy(proxy)
  local entries = {}
  for key, value in step, proxy, nil do entries[key] = value end
  return entries
end

-- What stands for a proxy as a metatable, which Lua reads without asking its metamethods: a table with the metamethods
-- that it has when it is first made one of. Scripts never see it, as they could give it a finalizer: what runs in one
-- cannot be ended. Kept by its objects; it may refer to the proxy, and Lua 5.1 would keep both for ever.
local metatables = setmetatable({}, { __mode = 'kv' })

local function metatable_of(proxy)
  local known = metatables[proxy]
  if known then return known end
  local methods = {}
  for key, value in step, proxy, nil do
    if type(key) == 'string' and substring(key, 1, 2) == '__' and key ~= '__gc' then methods[key] = value end
  end
  if methods.__metatable == nil then methods.__metatable = proxy end
  metatables[proxy] = methods
  return methods
end

_G.setmetatable = function(...)
  local object, wanted = ...
  if ids[wanted] and not ids[object] then return setmetatable(object, metatable_of(wanted)) end
  return setmetatable(...)
end

setmetatable(_G, { __index = host.missing })

-- The message handler: an error that comes from another application brings its frames along.
local function handler(err)
  local inner = host.failed(err)
  -- No tail calls: Lua 5.1 writes a line into the traceback for each.
  local text = describe(inner and '' or err)
  return inner and inner .. gsub(text, '^\nstack traceback:', '') or text
end

return { ids = ids, proxies = proxies, create = create, copy = copy, operations = operations, handler = handler,
  step = step, remote = remote }

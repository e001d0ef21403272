-- What a script may see: the allow-list of globals and of the members of each library, for both engines. Runs last:
-- everything that is not listed is removed, from the same tables that the engine has made.
--
-- Functions here use nothing that a script could replace: every name is captured.

local allowed, warn, seed = ...
local error, next, rawget, select, tostring, type = error, next, rawget, select, tostring, type
local find, gmatch, byte, concat = string.find, string.gmatch, string.byte, table.concat
local is51 = _VERSION == 'Lua 5.1'

local function bad_argument(i, name, reason)
  error("bad argument #" .. i .. " to '" .. name .. "' (" .. reason .. ')', 3)
end

-- Lua runs no hooks in a finalizer, so that none of a script's own could be ended. In 5.1 tables have none: a field
-- __gc does nothing there, and old scripts may have one.
local GC_REFUSED = '__gc is refused: nothing could stop a finalizer that does not end'

if not is51 then
  local setmetatable, metatable_of = setmetatable, debug.getmetatable
  _G.setmetatable = function(object, meta)
    local old = metatable_of(object)
    if old and rawget(old, '__metatable') ~= nil then error('cannot change a protected metatable', 2) end
    if type(meta) == 'table' then
      if rawget(meta, '__gc') ~= nil then error(GC_REFUSED, 2) end
      if type(object) == 'table' then return setmetatable(object, meta) end
    elseif meta == nil and type(object) == 'table' then
      return setmetatable(object, nil)
    end
    if type(object) ~= 'table' then bad_argument(1, 'setmetatable', 'table expected, got ' .. type(object)) end
    bad_argument(2, 'setmetatable', 'nil or table expected')
  end
else
  -- 5.1 looks a userdata's __gc up when it is collected. What `getmetatable` gives of a proxy is therefore a stand-in
  -- that passes everything on to the metatable, except that.
  local newproxy, getmetatable, setmetatable = newproxy, debug.getmetatable, setmetatable
  local metatable_of = setmetatable({}, { __mode = 'k' })
  local prototype_of = setmetatable({}, { __mode = 'k' })

  local function with_metatable()
    local proxy = newproxy(true)
    local meta = getmetatable(proxy)
    local stand_in = {}
    meta.__metatable = setmetatable(stand_in, {
      __index = meta,
      __newindex = function(_, key, value)
        if key == '__gc' then error(GC_REFUSED, 2) end
        meta[key] = value
      end,
      __metatable = false,
    })
    return proxy
  end

  _G.newproxy = function(like)
    if like == true then return with_metatable() end
    if like == nil or like == false then return newproxy() end
    if type(like) ~= 'userdata' then bad_argument(1, 'newproxy', 'boolean or proxy expected') end
    return newproxy(like)
  end
end

-- Text only, whatever the mode.
local load = load
local function check_mode(mode, name)
  if mode == nil or type(mode) == 'string' and find(mode, 't', 1, true) then return true end
  if type(mode) ~= 'string' then error("bad argument #3 to 'load' (string expected, got " .. type(mode) .. ')', 3) end
  return nil, (name or 'load') .. ": attempt to load a text chunk (mode is '" .. mode .. "')"
end

if is51 then
  local loadstring, setfenv = loadstring, setfenv
  local REFUSED = "attempt to load a binary chunk (mode is 't')"

  local function load_text(text, name)
    if byte(text, 1) == 27 then return nil, REFUSED end
    return loadstring(text, name)
  end

  _G.loadstring = function(text, name)
    if type(text) ~= 'string' and type(text) ~= 'number' then
      bad_argument(1, 'loadstring', 'string expected, got ' .. type(text))
    end
    text = text .. ''
    return load_text(text, name or text)
  end

  -- The first byte decides, in whichever piece it comes.
  local function text_reader(read)
    local begun = false
    return function()
      local piece = read()
      if not begun and type(piece) == 'string' and piece ~= '' then
        begun = true
        if byte(piece, 1) == 27 then error(REFUSED, 0) end
      end
      return piece
    end
  end

  -- As LuaJIT has it: a string or a function, a mode, an environment.
  _G.load = function(chunk, name, mode, ...)
    local good, message = check_mode(mode, name)
    if not good then return nil, message end
    local f
    if type(chunk) == 'string' then f, message = load_text(chunk, name or chunk)
    elseif type(chunk) == 'function' then f, message = load(text_reader(chunk), name or '=(load)')
    else bad_argument(1, 'load', 'function expected, got ' .. type(chunk)) end
    if f and select('#', ...) > 0 then setfenv(f, (...)) end
    return f, message
  end
else
  _G.load = function(chunk, name, mode, ...)
    local good, message = check_mode(mode, name)
    if not good then return nil, message end
    if type(chunk) ~= 'string' and type(chunk) ~= 'function' then
      if type(chunk) ~= 'number' then bad_argument(1, 'load', 'function expected, got ' .. type(chunk)) end
      chunk = chunk .. ''
    end
    return load(chunk, name, 't', ...)
  end
end

-- Memory is always reclaimed: "stop" and "restart" are accepted and do nothing, and a pause has an upper limit.
local collectgarbage = collectgarbage
local GC_OPTIONS = ' collect count step setpause setstepmul isrunning incremental generational '
local MAX_PAUSE = 1000

-- Of 5.1, where pace.ts sets them, too: what the script has set, which is what it is told, and what its steps go by. As long
-- as that is Lua's own, the collector's are larger.
local own = { setpause = 200, setstepmul = 200 }
local larger_steps = is51 and collectgarbage('setstepmul', 200)

local function use_steps()
  collectgarbage('setstepmul', own.setstepmul == 200 and larger_steps or own.setstepmul)
end

if is51 then use_steps() end

local function set51(option, value)
  local before = own[option]
  collectgarbage(option, value)
  -- As it has been understood: a number without a fraction.
  own[option] = collectgarbage(option, value)
  use_steps()
  return before
end

local function step51(size)
  collectgarbage('setstepmul', own.setstepmul)
  local ended = collectgarbage('step', size)
  use_steps()
  return ended
end

_G.collectgarbage = function(option, a, ...)
  if option == nil then return collectgarbage() end
  if option == 'stop' or option == 'restart' then return 0 end
  if type(option) ~= 'string' or not find(GC_OPTIONS, ' ' .. option .. ' ', 1, true) or is51 and
    (option == 'isrunning' or option == 'incremental' or option == 'generational') then
    bad_argument(1, 'collectgarbage', "invalid option '" .. tostring(option) .. "'")
  end
  if option == 'setpause' or option == 'incremental' then
    a = type(a) == 'number' and (a > MAX_PAUSE or a ~= a) and MAX_PAUSE or a
  end
  if a == nil then a = 0 end
  if is51 and own[option] then return set51(option, a) end
  if is51 and option == 'step' then return step51(a) end
  return collectgarbage(option, a, ...)
end

-- `getinfo` of a level gives a script's own functions, never C's and ours: a real `load` could be among them.
local getinfo, running = debug.getinfo, coroutine.running
local function is_own(f)
  local info = getinfo(f, 'S')
  return info.what ~= 'C' and not find(info.source, '^=%[cumulus%]/')
end

function debug.getinfo(...)
  local thread, at, what = ...
  if type(thread) ~= 'thread' then thread, at, what = running(), ... end
  -- Not every engine checks the options before it acts on them.
  if what ~= nil and (type(what) ~= 'string' or find(what, '[^SlnrutLf]')) then
    bad_argument(2, 'getinfo', 'invalid option')
  end
  what = what or (is51 and 'flnSu' or 'flnSrtu')
  if type(at) == 'function' then return getinfo(at, what) end
  if type(at) ~= 'number' then bad_argument(1, 'getinfo', 'function or level expected') end
  local info
  if thread == running() or thread == nil then info = getinfo(at + 1, what) else info = getinfo(thread, at, what) end
  if info and info.func and not is_own(info.func) then info.func = nil end
  return info
end

if not is51 then
  -- By itself it is the same for machines that are made in the same second.
  math.randomseed(seed)
  -- To the log. Control messages turn it on and off.
  local on = true
  _G.warn = function(...)
    for i = 1, select('#', ...) do
      if type((select(i, ...))) ~= 'string' then
        bad_argument(i, 'warn', 'string expected, got ' .. type((select(i, ...))))
      end
    end
    local message = concat({ ... })
    if select('#', ...) == 1 and byte(message, 1) == 64 then on = message == '@on' or on and message ~= '@off'
    elseif on then warn(message) end
  end
end

local function keep_only(library, names)
  local listed = {}
  for name in gmatch(names, '%S+') do listed[name] = true end
  for name in next, library do
    if not listed[name] then library[name] = nil end
  end
end

for library, names in next, allowed do
  if type(_G[library]) == 'table' then keep_only(_G[library], names) end
end

-- What the time limit needs of the standard library: coroutines that can be stopped, and message handlers of xpcall
-- that cannot run on after it. Lua runs no hooks while such a handler is called for an error out of a hook.

local arm, disarm, pressed = ...
local create, wrap = coroutine.create, coroutine.wrap
local xpcall, type, error = xpcall, type, error

local function checked(f, name)
  if type(f) == 'function' then return f end
  error("bad argument #1 to '" .. name .. "' (function expected, got " .. type(f) .. ')', 3)
end

-- A coroutine inherits the hook of the one that creates it.
function coroutine.create(f)
  checked(f, 'create')
  arm()
  return disarm(create(f))
end

function coroutine.wrap(f)
  checked(f, 'wrap')
  arm()
  return disarm(wrap(f))
end

local traceback = debug.traceback

_G.xpcall = function(f, handler, ...)
  if handler == traceback or type(handler) ~= 'function' then return xpcall(f, handler, ...) end
  local function guarded(...)
    if pressed() then return (...) end
    return handler(...)
  end
  return xpcall(f, guarded, ...)
end

-- What scripts for LuaJIT expect beside Lua 5.1: `jit`, which says that it is off, and `bit`, which is given.

local bit, os_name, architecture = ...

local function nothing() end

jit = {
  version = 'LuaJIT (off)',
  version_num = 0,
  os = os_name,
  arch = architecture,
  status = function() return false end,
  on = nothing,
  off = nothing,
  flush = nothing,
  opt = { start = nothing },
}
_G.bit = bit

return { bit = bit, jit = jit, ['jit.opt'] = jit.opt }

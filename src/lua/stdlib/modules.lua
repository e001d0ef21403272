-- `require`'s searchers, `dofile`, `loadfile`. `require` itself is Lua's own; files are found and compiled by the host.

local host, default_path, builtin = ...
local error, type, select = error, type, select
local package, find = package, string.find
local find_module, search_path, load_file = host.find_module, host.search_path, host.load_file
local setupvalue, setfenv = debug.setupvalue, setfenv
-- 5.4 puts it in front of what a searcher says; 5.1 leaves that to the searcher.
local prefix = _VERSION == 'Lua 5.1' and '\n\t' or ''

package.path, package.cpath = default_path, ''

local function search_files(name)
  local path = package.path
  if type(path) ~= 'string' then error("'package.path' must be a string", 3) end
  local found, detail, file = find_module(name, path)
  if found then return found, detail end
  if found == nil then return prefix .. detail end
  error("error loading module '" .. name .. "' from file '" .. file .. "':\n\t" .. detail, 3)
end

-- LuaJIT's own libraries, unless the application has brought a module of that name.
local function search_builtin(name)
  local library = builtin[name]
  if library then return function() return library end, ':builtin:' end
  return prefix .. "no built-in module '" .. name .. "'"
end

local searchers = package.searchers or package.loaders
for i = #searchers, 2, -1 do searchers[i] = nil end
searchers[2], searchers[3] = search_files, search_builtin
package.searchers, package.loaders = package.searchers and searchers, searchers

function package.searchpath(name, path, separator, replacement)
  return search_path(name, path, separator, replacement)
end

function package.loadlib() error('package.loadlib is refused: there are no C libraries here', 2) end

local function set_environment(chunk, env)
  if setfenv then return setfenv(chunk, env) end
  setupvalue(chunk, 1, env)
  return chunk
end

function loadfile(name, mode, ...)
  if name == nil then error("bad argument #1 to 'loadfile' (there is no standard input here: a name is needed)", 2) end
  if mode ~= nil and type(mode) == 'string' and not find(mode, 't', 1, true) then
    return nil, name .. ": attempt to load a text chunk (mode is '" .. mode .. "')"
  end
  local chunk, message = load_file(name)
  if not chunk then return nil, message end
  if select('#', ...) > 0 then set_environment(chunk, (...)) end
  return chunk
end

function dofile(name)
  if name == nil then error("bad argument #1 to 'dofile' (there is no standard input here: a name is needed)", 2) end
  local chunk, message = load_file(name)
  if not chunk then error(message, 2) end
  return chunk()
end

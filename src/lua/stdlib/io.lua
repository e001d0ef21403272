-- The tables `io` and `os`, and the metatable of files, which is returned. The work is the host's; here is what needs
-- closures, and what is refused.

local functions, methods, os_functions = ...
local error, select, type, pairs, rawset = error, select, type, pairs, rawset
local unpack = table.unpack or unpack
local read, close = methods.read, methods.close
local open, input, type_of = functions.open, functions.input, functions.type
local is54 = _VERSION == 'Lua 5.4'

-- Ends an iteration: an error is raised where the loop is; a file that `io.lines` has opened is closed.
local function finish(message, file, owned)
  if message then error(message, 3) end
  if owned then close(file) end
end

local function iterator(file, owned, ...)
  local count = select('#', ...)
  if count == 0 then
    return function()
      local line, message = read(file)
      if line == nil then finish(message, file, owned) end
      return line
    end
  end
  local formats = { ... }
  local function checked(first, ...)
    if first == nil then finish((...), file, owned) end
    return first, ...
  end
  return function() return checked(read(file, unpack(formats, 1, count))) end
end

function methods.lines(file, ...)
  local state = type_of(file)
  if not state then error("bad argument #1 to 'lines' (FILE* expected, got " .. type(file) .. ')', 2) end
  if state ~= 'file' then error('attempt to use a closed file', 2) end
  return iterator(file, false, ...)
end

function functions.lines(name, ...)
  if name == nil then return iterator(input(), false, ...) end
  if type(name) ~= 'string' and type(name) ~= 'number' then
    error("bad argument #1 to 'lines' (string expected, got " .. type(name) .. ')', 2)
  end
  local file, message = open(name)
  if not file then error(message, 2) end
  if is54 then return iterator(file, true, ...), nil, nil, file end
  return iterator(file, true, ...)
end

function functions.popen() error('io.popen is refused: scripts start no programs', 2) end

function os_functions.execute(command)
  -- Without a command it asks whether there is a shell.
  if command == nil then
    if is54 then return false end
    return 0
  end
  error('os.execute is refused: scripts start no programs', 2)
end

function os_functions.exit() error('os.exit is refused: a script cannot end the server', 2) end

for name, value in pairs(functions) do rawset(io, name, value) end
for name, value in pairs(os_functions) do rawset(os, name, value) end

local meta = { __name = 'FILE*', __metatable = 'FILE*', __index = methods }
meta.__tostring, meta.__gc = methods.tostring, methods.collected
methods.tostring, methods.collected = nil, nil
function meta.__close(file)
  if type_of(file) == 'file' then close(file) end
end
return meta

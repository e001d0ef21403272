-- The message handler of every entry: turns whatever was thrown into text with a traceback of the script's own
-- frames. It runs inside the failing call, so that the frames are still there. A script may have replaced any of Lua's
-- functions, methods of strings included.

local tostring, type, pcall, next = tostring, type, pcall, next
local getmetatable = debug.getmetatable
local traceback = debug.traceback
local concat, sort = table.concat, table.sort
local find, gmatch, sub = string.find, string.gmatch, string.sub
local getinfo = debug.getinfo
local OURS = '^%[cumulus%]/[%w_]+:%d+: '

-- "www/main.lua:3: " of the innermost function that is the script's, for a message that names one of ours.
local function position()
  for level = 3, 20 do
    local info = getinfo(level, 'Sl')
    if not info then return '' end
    if info.currentline > 0 and not find(info.short_src, '^%[cumulus%]/') then
      return info.short_src .. ':' .. info.currentline .. ': '
    end
  end
  return ''
end

-- A table as an error: by its __tostring, else by its fields, sorted so that the same error reads the same.
local function describe(err)
  local meta = getmetatable(err)
  if meta and meta.__tostring then
    local ok, text = pcall(tostring, err)
    if ok and type(text) == 'string' then return text end
  end
  local fields = {}
  for key, value in next, err do
    fields[#fields + 1] = tostring(key) .. ' = ' .. tostring(value)
    if #fields == 20 then break end
  end
  sort(fields)
  return 'error object { ' .. concat(fields, ', ') .. ' }'
end

local function text_of(err)
  if type(err) == 'table' then return describe(err) end
  return 'error object: ' .. tostring(err)
end

return function(err)
  local lines = {}
  for line in gmatch(traceback('', 2), '[^\n]+') do
    local foreign = find(line, '^%s*%[C%]') or find(line, '^%s*%[cumulus%]/') or find(line, '^%s*%(%.%.%.tail calls%.%.%.%)')
    if not foreign and line ~= 'stack traceback:' then lines[#lines + 1] = line end
  end
  local message = type(err) == 'string' and err or text_of(err)
  local _, ours = find(message, OURS)
  if ours then message = position() .. sub(message, ours + 1) end
  if #lines == 0 then return message end
  return message .. '\nstack traceback:\n' .. concat(lines, '\n')
end

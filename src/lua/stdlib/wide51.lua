-- string.format of the 5.1 engine for integers of more than 32 bits, such as milliseconds since 1970.
--
-- C's `long` has 32 bits in WebAssembly, where LuaJIT's formats take 64. Only such numbers go another way: as floats
-- without decimals, which are exact up to 2^53; so do negative ones as hexadecimal, which C would write as 0. Errors keep their text and position, except that there is no position
-- where a function returns the result at once: for a tail call Lua 5.1 does not know it.

local format, find, gsub, match = string.format, string.find, string.gsub, string.match
local error, floor, pcall, select, type, unpack = error, math.floor, pcall, select, type, unpack
local HALF = 2147483648
local WORD = 4294967296
local HEX = { x = '%08x', X = '%08X' }
local DECIMAL = { d = true, i = true, u = true }

local function is_wide(value)
  return type(value) == 'number' and (value >= HALF or value < 0) and value - value == 0
end

local function hex(value, conversion)
  if value >= 0 and value < WORD then return format('%' .. conversion, value) end
  local low = format(HEX[conversion], value % WORD)
  if value < 0 then return format(HEX[conversion], floor(value / WORD) % WORD) .. low end
  return format('%' .. conversion, floor(value / WORD)) .. low
end

-- What stands for "%<flags><width><conversion>", and for its argument; nothing where C's own will do.
local function widened(flags, width, conversion, value)
  local whole = value < 0 and -floor(-value) or floor(value)
  if DECIMAL[conversion] and value >= -HALF and value < HALF then return nil, value end
  if DECIMAL[conversion] then return '%' .. flags .. width .. '.0f', whole end
  if not HEX[conversion] then return nil, value end
  return (find(flags, '-', 1, true) and '%-' or '%') .. width .. 's', hex(whole, conversion)
end

local function format_wide(text, ...)
  local arguments, count, i = { ... }, select('#', ...), 0
  local replaced = gsub(text, '%%([-+ #0]*)(%d*)%.?%d*(.)', function(flags, width, conversion)
    if conversion == '%' then return nil end
    i = i + 1
    if not is_wide(arguments[i]) then return nil end
    local specification
    specification, arguments[i] = widened(flags, width, conversion, arguments[i])
    return specification
  end)
  return format(replaced, unpack(arguments, 1, count))
end

function string.format(...)
  local run = format
  for i = 2, select('#', ...) do
    if is_wide((select(i, ...))) then run = format_wide end
  end
  local ok, text = pcall(run, ...)
  if ok then return text end
  if type(text) ~= 'string' then error(text, 0) end
  text = gsub(text, '^cumulus/wide51:%d+: ', '')
  if match(text, '^bad argument') or match(text, '^invalid') then
    error((gsub(text, "to '%?'", "to 'format'")), 2)
  end
  error(text, 0)
end

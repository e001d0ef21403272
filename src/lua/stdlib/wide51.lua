-- string.format of the 5.1 engine for integers of more than 32 bits, such as milliseconds since 1970.
--
-- C's `long` has 32 bits in WebAssembly, where LuaJIT's formats take 64. Only such numbers go another way: as floats
-- without decimals, which are exact up to 2^53; so do negative ones as hexadecimal, which C would write as 0. Errors
-- keep their text and position, except that there is no position where a function returns the result at once: for a tail
-- call Lua 5.1 does not know it.

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

-- Fails where the script calls `string.format`: three levels up.
local function format_with_care(...)
  local run = format
  for i = 2, select('#', ...) do
    if is_wide((select(i, ...))) then run = format_wide end
  end
  local ok, text = pcall(run, ...)
  if ok then return text end
  if type(text) ~= 'string' then error(text, 0) end
  text = gsub(text, '^%[cumulus%]/wide51:%d+: ', '')
  if match(text, '^bad argument') or match(text, '^invalid') then
    error((gsub(text, "to '%?'", "to 'format'")), 3)
  end
  error(text, 0)
end

-- Most calls need no care: their arguments are just what the format asks for, so that nothing can fail. What a format
-- asks for is found out once: a letter, or a table of letters where it is not one argument.
local KINDS = {
  d = 'i', i = 'i', c = 'i', o = 'u', u = 'u', x = 'u', X = 'u',
  e = 'n', E = 'n', f = 'n', g = 'n', G = 'n', s = 's', q = 's',
}
-- How many formats are remembered, and of what length.
local MOST, LONGEST = 256, 256
local known, count = {}, 0

-- Nothing for a format that is unusual or wrong.
local function kinds_of(text)
  local kinds, at = {}, find(text, '%', 1, true)
  while at do
    local conversion, behind = match(text, '^%%[-+ #0]?%d?%d?(%a)()', at)
    if not behind then conversion, behind = match(text, '^%%[-+ #0]?%d?%d?%.%d?%d?(%a)()', at) end
    behind = behind or match(text, '^%%%%()', at)
    if not behind or conversion and not KINDS[conversion] then return nil end
    if conversion then kinds[#kinds + 1] = KINDS[conversion] end
    at = find(text, '%', behind, true)
  end
  return #kinds == 1 and kinds[1] or kinds
end

local function learn(text)
  if type(text) ~= 'string' or #text > LONGEST then return nil end
  if count == MOST then known, count = {}, 0 end
  known[text], count = kinds_of(text) or false, count + 1
  return known[text]
end

local function is_plain(kind, value)
  if kind == 's' then return type(value) == 'string' end
  if type(value) ~= 'number' then return false end
  if kind == 'n' then return true end
  return value < HALF and value >= (kind == 'i' and -HALF or 0)
end

local function are_plain(kinds, ...)
  if type(kinds) ~= 'table' then return is_plain(kinds, (...)) end
  for i = 1, #kinds do
    if not is_plain(kinds[i], (select(i, ...))) then return false end
  end
  return true
end

function string.format(...)
  local text, first = ...
  local kinds = known[text]
  -- The commonest two without a call.
  if kinds == 'i' then
    if type(first) == 'number' and first < HALF and first >= -HALF then return format(text, first) end
  elseif kinds == 's' then
    if type(first) == 'string' then return format(text, first) end
  else
    if kinds == nil then kinds = learn(text) end
    if kinds and are_plain(kinds, select(2, ...)) then return format(...) end
  end
  local made = format_with_care(...)
  return made
end

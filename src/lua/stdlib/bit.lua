-- LuaJIT's `bit` library by the operators of Lua 5.4: results are integers in the range of signed 32 bits.
-- (Lua 5.1 has no such operators: the host does it.)

local error, select, tonumber, type, math_type = error, select, tonumber, type, math.type
local format, rep, sub, upper = string.format, string.rep, string.sub, string.upper
local fmod, modf = math.fmod, math.modf

-- Adding it makes a float round to an integer, to the even one at .5, as LuaJIT does.
local ROUND = 0x1.8p52

local function refuse(value, i, name)
  error("bad argument #" .. i .. " to '" .. name .. "' (number expected, got " .. type(value) .. ')', 4)
end

local function convert(value, i, name)
  local number = tonumber(value)
  if type(value) ~= 'number' and type(value) ~= 'string' or not number or number ~= number then refuse(value, i, name) end
  if math_type(number) == 'integer' then return number end
  number = number > -2 ^ 51 and number < 2 ^ 51 and number + ROUND - ROUND or modf(fmod(number, 2 ^ 32))
  return number == number and number // 1 | 0 or 0
end

local function integer(value, i, name)
  if math_type(value) == 'integer' then return value end
  return convert(value, i, name)
end

local function signed(value)
  return ((value & 0xffffffff) ~ 0x80000000) - 0x80000000
end

local bit = {}

function bit.tobit(a)
  a = integer(a, 1, 'tobit')
  return signed(a)
end

function bit.bnot(a)
  a = integer(a, 1, 'bnot')
  return signed(~a)
end

function bit.bswap(a)
  a = integer(a, 1, 'bswap')
  return signed((a & 0xff) << 24 | (a & 0xff00) << 8 | a >> 8 & 0xff00 | a >> 24 & 0xff)
end

function bit.tohex(a, digits)
  local value = integer(a, 1, 'tohex') & 0xffffffff
  local count = digits == nil and 8 or signed(integer(digits, 2, 'tohex'))
  local text = format('%08x', value)
  if count < 0 then text, count = upper(text), -count end
  return count >= 8 and text or sub(text, 9 - count)
end

local function more(name, result, combine, ...)
  for i = 1, select('#', ...) do result = combine(result, integer((select(i, ...)), i + 2, name)) end
  return signed(result)
end

local function band(a, b) return a & b end
local function bor(a, b) return a | b end
local function bxor(a, b) return a ~ b end

function bit.band(a, b, ...)
  a = integer(a, 1, 'band')
  if b == nil and select('#', ...) == 0 then return signed(a) end
  b = integer(b, 2, 'band')
  if ... == nil then return signed(a & b) end
  return more('band', a & b, band, ...)
end

function bit.bor(a, b, ...)
  a = integer(a, 1, 'bor')
  if b == nil and select('#', ...) == 0 then return signed(a) end
  b = integer(b, 2, 'bor')
  if ... == nil then return signed(a | b) end
  return more('bor', a | b, bor, ...)
end

function bit.bxor(a, b, ...)
  a = integer(a, 1, 'bxor')
  if b == nil and select('#', ...) == 0 then return signed(a) end
  b = integer(b, 2, 'bxor')
  if ... == nil then return signed(a ~ b) end
  return more('bxor', a ~ b, bxor, ...)
end

function bit.lshift(a, n)
  a, n = integer(a, 1, 'lshift'), integer(n, 2, 'lshift') & 31
  return signed(a << n)
end

function bit.rshift(a, n)
  a, n = integer(a, 1, 'rshift'), integer(n, 2, 'rshift') & 31
  return signed((a & 0xffffffff) >> n)
end

function bit.arshift(a, n)
  a, n = integer(a, 1, 'arshift'), integer(n, 2, 'arshift') & 31
  return signed(a) // (1 << n)
end

function bit.rol(a, n)
  a, n = integer(a, 1, 'rol') & 0xffffffff, integer(n, 2, 'rol') & 31
  return signed(a << n | a >> (32 - n))
end

function bit.ror(a, n)
  a, n = integer(a, 1, 'ror') & 0xffffffff, integer(n, 2, 'ror') & 31
  return signed(a >> n | a << (32 - n))
end

return bit

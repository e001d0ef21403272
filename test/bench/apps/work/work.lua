-- What CPU-bound scripts do: calls, tables, strings, floating point. In Lua 5.1's language.

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

local function sieve(limit)
  local composite, count = {}, 0
  for i = 2, limit do
    if not composite[i] then
      count = count + 1
      for multiple = i * i, limit, i do composite[multiple] = true end
    end
  end
  return count
end

local function sorted(count)
  local values, seed = {}, 42
  for i = 1, count do
    seed = (seed * 16807) % 2147483647
    values[i] = { key = seed }
  end
  table.sort(values, function(a, b) return a.key < b.key end)
  return values[1].key
end

local function words(count)
  local parts = {}
  for i = 1, count do parts[#parts + 1] = "word" .. i .. "=" .. string.format("%05d", i) end
  local text = table.concat(parts, " ")
  local longest = 0
  for word in text:gmatch("%w+=%d+") do
    if #word > longest then longest = #word end
  end
  return #text:gsub("o", "0"):upper() + longest
end

local function mandelbrot(size)
  local inside = 0
  for y = 1, size do
    for x = 1, size do
      local cr, ci, zr, zi, steps = 2 * x / size - 1.5, 2 * y / size - 1, 0, 0, 0
      while steps < 30 and zr * zr + zi * zi < 4 do
        zr, zi, steps = zr * zr - zi * zi + cr, 2 * zr * zi + ci, steps + 1
      end
      if steps == 30 then inside = inside + 1 end
    end
  end
  return inside
end

function work()
  return fib(21) + sieve(50000) + sorted(4000) + words(4000) + mandelbrot(70)
end

-- print: tab-separated, each value by tostring, to the daemon's output.
local write = ...
local tostring, select, concat = tostring, select, table.concat

return function(...)
  local parts = {}
  for i = 1, select('#', ...) do
    parts[i] = tostring((select(i, ...)))
  end
  write(concat(parts, '\t'))
end

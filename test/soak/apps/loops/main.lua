-- Each line names a way not to end. "go" is sent before, so it arrives when the time limit has ended the event.
local function spin() while true do end end

local loops = {
	plain = spin,
	protected = function() while true do pcall(spin) end end,
	tail = function() local function again() return again() end return again() end,
	coroutine = function() coroutine.wrap(function() coroutine.wrap(spin)() end)() end,
	strings = function() while true do local _ = ("x"):rep(1000) end end,
	sort = function() table.sort({ 3, 2, 1 }, spin) end,
	substitute = function() return ("abc"):gsub(".", spin) end,
	index = function() return setmetatable({}, { __index = spin }).field end,
}

server = cumulus:createTCPServer()

function server:clientHandler(client)
	function client:onReception(data)
		local line = data:match("^([^\n]*)\n")
		if not line then return #data end
		if line == "ping" then return self:send("pong\n") end
		self:send("go\n")
		loops[line]()
		self:send("not ended\n")
	end
end

server:start(PORT)

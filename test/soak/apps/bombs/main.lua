-- Each line names a way to take all the memory. "go" is sent before, so it arrives when the event has been ended.
local bombs = {
	table = function() local all = {} while true do all[#all + 1] = { #all } end end,
	text = function() local text = "x" while true do text = text .. text end end,
	protected = function() local text = "x" while true do pcall(function() text = text .. text end) end end,
	repeated = function() return ("x"):rep(2 ^ 30) end,
	strings = function() local all = {} while true do all[#all + 1] = ("%d"):format(#all):rep(1000) end end,
	coroutines = function() local all = {} while true do all[#all + 1] = coroutine.create(function() end) end end,
	closures = function() local last while true do local before = last last = function() return before end end end,
}

server = cumulus:createTCPServer()

function server:clientHandler(client)
	function client:onReception(data)
		local line = data:match("^([^\n]*)\n")
		if not line then return #data end
		if line == "ping" then return self:send("pong\n") end
		self:send("go\n")
		bombs[line]()
		self:send("not ended\n")
	end
end

server:start(PORT)

-- Each line "ID SIZE RECIPIENT…" is a mail. It prints what it has asked for and what has become of it: a reload closes
-- connections, but a mail outlives it.
server = cumulus:createTCPServer()

local function order(client, line)
	local id, size, recipients = line:match("^(%S+) (%d+) (.*)$")
	local content = ("All work and no play. "):rep(math.ceil(size / 22))
	local mail = cumulus:sendMail("Soak <soak@example.org>", id, content, cumulus:split(recipients, " "))

	function mail:onSent(err)
		print("mail " .. id .. " " .. (err and "failed: " .. err or "sent"))
	end

	print("mail " .. id .. " asked")
	client:send(id .. "\n")
end

function server:clientHandler(client)
	function client:onReception(data)
		local start = 1
		for line, stop in data:gmatch("([^\n]*)\n()") do
			order(self, line)
			start = stop
		end
		return #data - start + 1
	end
end

server:start(PORT)

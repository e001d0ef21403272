-- A mailer: a line "recipient text" becomes a mail, and the client is told when it has left.
--   nc localhost 1236     and type: somebody@example.org Hello
-- With [smtp] outbox=outbox in the configuration, mails are written to outbox/*.eml and none is sent.

local PORT = 1236
local SENDER = "Cumulus <cumulus@example.org>"

server = cumulus:createTCPServer()

local function sendMail(client, recipient, text)
	local mail = cumulus:sendMail(SENDER, "A line for you", text .. "\n", recipient)
	function mail:onSent(err)
		if err then
			ERROR(err)
		else
			NOTE("mail to ", recipient, " sent")
		end
		-- The client may have gone while the mail was on its way.
		if client.connected then client:send(err and "not sent: " .. err .. "\n" or "sent to " .. recipient .. "\n") end
	end
end

function server:clientHandler(client)
	function client:onReception(data)
		local start = 1
		for line, stop in data:gmatch("([^\r\n]*)\r?\n()") do
			local recipient, text = line:match("^(%S+)%s+(.+)$")
			if recipient then
				sendMail(self, recipient, text)
			else
				self:send("usage: recipient text\n")
			end
			start = stop
		end
		return #data - start + 1
	end
end

function onStart(path)
	if server:start(PORT) then
		NOTE("mail; try: nc localhost ", PORT, " and type somebody@example.org Hello")
	end
end

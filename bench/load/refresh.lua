-- Refreshes, each time with a token that was not used before: a file of tokens, which one is the first, and how many.
--
-- Each answer's token goes to the end of the queue, and each request takes the one at its head.

dofile("report.lua")

function init(args)
   local first, count, number = tonumber(args[2]), tonumber(args[3]), 0
   tokens, head, tail = {}, 0, 0
   for line in io.lines(args[1]) do
      if number >= first and number < first + count then
         give(line:match("^%S+ (%S+)"))
      end
      number = number + 1
   end
end

function give(token)
   tokens[tail] = token
   tail = tail + 1
end

function request()
   local token = tokens[head] or "none-is-left"
   tokens[head] = nil
   head = head + 1
   local body = '{"refresh_token":"' .. token .. '"}'
   return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
end

function response(status, headers, body)
   if status == 200 then
      give(body:match('"refresh_token":"([^"]+)"'))
   end
end

-- Signs out of sessions, each once: a file of tokens, which one is the first, and how many.

dofile("report.lua")

function init(args)
   local first, count, number = tonumber(args[2]), tonumber(args[3]), 0
   requests, head = {}, 0
   for line in io.lines(args[1]) do
      if number >= first + count then
         break
      end
      if number >= first then
         local access, session = line:match("^(%S+) %S+ (%S+)")
         requests[number - first] = { ["Authorization"] = "Bearer " .. access, ["Cookie"] = "sid=" .. session }
      end
      number = number + 1
   end
end

function request()
   local headers = requests[head] or { ["Authorization"] = "Bearer none-is-left" }
   head = head + 1
   return wrk.format("POST", nil, headers)
end

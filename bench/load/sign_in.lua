-- Signs in the seeded users, one after the other: the number of users, and their password.

dofile("report.lua")

function init(args)
   users, password, number = tonumber(args[1]), args[2], 0
end

function request()
   local body = string.format('{"email":"user%d@example.com","password":"%s"}', number % users, password)
   number = number + 1
   return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
end

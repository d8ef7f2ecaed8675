-- What wrk sends: the residents in turn, each with the head of an ordinary browser; and what it tells at the end.
-- Arguments: the file of residents (one `login cookie host` a line), the size's name.

local requests = {}
local turn = 0

function init(arguments)
   local size = arguments[2]
   for line in io.lines(arguments[1]) do
      local login, cookie, host = line:match("(%S+) (%S+) (%S+)")
      requests[#requests + 1] = wrk.format("GET", "/" .. login .. "/" .. size, {
         ["Host"] = host,
         ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
         ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
         ["Accept-Language"] = "fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3",
         ["Accept-Encoding"] = "gzip, deflate",
         ["Referer"] = "http://" .. host .. "/accueil",
         ["Cookie"] = "PHPSESSID=5f2c1e0d9b8a7f6e5d4c3b2a19087f6e; vestibule=" .. cookie,
         ["Upgrade-Insecure-Requests"] = "1",
         ["Sec-Fetch-Dest"] = "document",
         ["Sec-Fetch-Mode"] = "navigate",
         ["Sec-Fetch-Site"] = "same-origin",
      })
   end
end

function request()
   turn = turn % #requests + 1
   return requests[turn]
end

-- requests, microseconds, errors, p50, p99 (microseconds)
function done(summary, latency)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
   io.write(string.format("result %d %d %d %.0f %.0f\n", summary.requests, summary.duration, failed,
      latency:percentile(50), latency:percentile(99)))
end

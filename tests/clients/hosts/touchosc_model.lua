-- Run the script of the layout for TouchOSC with a model of its functions. arg: the script.
-- Prints what it sends in the first 25 seconds, and what it shows of each message.

local now = 0
local words = { values = { text = "" } }
self = { children = { words = words } }
function getMillis() return now end
function sendOSC(message)
  local values = {}
  for _, value in ipairs(message[2]) do values[#values + 1] = value.tag .. "=" .. value.value end
  print(now, message[1], table.concat(values, " "))
end

dofile(arg[1])
for _ = 1, 50 do
  update()
  now = now + 500
end

local function receive(path, ...)
  local values = {}
  for index, value in ipairs({ ... }) do values[index] = { tag = type(value), value = value } end
  onReceiveOSC({ path, values }, { true, false, false, false, false })
  print("SHOWN", words.values.text)
end
receive("/msanii/job/queued", "", 3, 0, 4, 1.5)
receive("/msanii/job/progress", "", 3, 2, 4, 0.5)
receive("/msanii/job/done", "", 3, "loop1", "/clips/loop1.wav", 4.0, 44100, 2, 7, 0.2)
receive("/msanii/fail", "/msanii/play", "", -1, "ENOCLIP", "no clip")
receive("/msanii/warn", "/msanii/play", "careful")

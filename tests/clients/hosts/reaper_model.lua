-- A model of the functions of REAPER that the script uses, and then the script.
-- arg: the script, the folder of the clips, the cursor in seconds. Prints what the project has then.
-- A function that is not here is an error. A quarter note is half a second.

local script, folder, cursor = arg[1], arg[2], tonumber(arg[3])
FOLDER = folder

local function listed(path, what)
  local names = {}
  local quoted = "'" .. path:gsub("'", "'\\''") .. "'"
  local found = io.popen("find " .. quoted .. " -mindepth 1 -maxdepth 1 -type " .. what .. " | sort")
  for name in found:lines() do names[#names + 1] = name:match("[^/]+$") end
  return names
end
local tracks, open_undo, said = {}, 0, 0

local functions = {
  EnumerateFiles = function(path, index) return listed(path, "f")[index + 1] end,
  EnumerateSubdirectories = function(path, index) return listed(path, "d")[index + 1] end,
  SetMediaTrackInfo_Value = function(track, key, value)
    assert(key == "B_MUTE")
    track.mute = value
    return true
  end,
  file_exists = function(path) local file = io.open(path) if file then file:close() end return file ~= nil end,
  GetCursorPosition = function() return cursor end,
  CountTracks = function(project) assert(project == 0) return #tracks end,
  InsertTrackAtIndex = function(at, defaults) table.insert(tracks, at + 1, { items = {} }) end,
  GetTrack = function(project, at) return tracks[at + 1] end,
  GetSetMediaTrackInfo_String = function(track, key, value, is_new)
    assert(key == "P_NAME" and is_new)
    track.name = value
    return true, value
  end,
  AddMediaItemToTrack = function(track)
    local item = {}
    track.items[#track.items + 1] = item
    return item
  end,
  AddTakeToMediaItem = function(item) item.take = {} return item.take end,
  PCM_Source_CreateFromFile = function(path) return { path = path } end,
  SetMediaItemTake_Source = function(take, source) take.source = source return true end,
  SetMediaItemInfo_Value = function(item, key, value) item[key] = value return true end,
  GetMediaSourceLength = function(source)
    if source.path:match("%.mid$") then return 4.0, true end
    return 2.0, false
  end,
  TimeMap2_timeToQN = function(project, seconds) return seconds * 2 end,
  TimeMap2_QNToTime = function(project, quarters) return quarters / 2 end,
  Undo_BeginBlock = function() open_undo = open_undo + 1 end,
  Undo_EndBlock = function(text, flags) open_undo = open_undo - 1 end,
  UpdateArrange = function() end,
  ShowMessageBox = function(text, title, kind) print("SAID", text) said = said + 1 return 1 end,
}
reaper = setmetatable({}, {
  __index = function(_, name) return functions[name] or error("REAPER has no " .. name) end,
})

dofile(script)
assert(open_undo == 0, "an undo block was left open")
for _, track in ipairs(tracks) do
  for _, item in ipairs(track.items) do
    print(track.name, item.take.source.path:match("[^/]+$"), item.D_POSITION, item.D_LENGTH, item.B_LOOPSRC, track.mute or 0)
  end
end

-- REAPER: insert the newest clip of msanii-live at the edit cursor, each of its files on a track.
--
-- Actions > Show action list > New action > Load ReaScript, then give it a key. The clip is the one
-- that was written last into FOLDER, or into a folder inside it; its stems and its notes come along
-- if they lie beside it. Where there are stems, the track of the whole clip is muted.

local FOLDER = FOLDER or (os.getenv("HOME") or os.getenv("USERPROFILE")) .. "/Music/msanii-live"
local STEMS = { "drums", "bass", "chords", "lead", "pad" }

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("a")
  if file then file:close() end
  return text
end

-- Return the newest clip, as the path without an ending, and the ending of its sound. Each clip has
-- a sidecar, which says when it was written.
local function newest_clip()
  local newest, written = {}, -1
  local function look(folder)
    local index, name = 0, reaper.EnumerateFiles(folder, 0)
    while name do
      local clip = name:match("^(.+)%.json$")
      local text = clip and read(folder .. "/" .. name) or ""
      local wrote, suffix = tonumber(text:match('"wrote": ([%d.]+)')), text:match('"suffix": "(%.%a+)"')
      if wrote and wrote > written then
        newest, written = { folder .. "/" .. clip, suffix or ".wav", clip }, wrote
      end
      index = index + 1
      name = reaper.EnumerateFiles(folder, index)
    end
  end
  look(FOLDER)
  local index, inner = 0, reaper.EnumerateSubdirectories(FOLDER, 0)
  while inner do
    if inner:sub(1, 1) ~= "." then look(FOLDER .. "/" .. inner) end
    index = index + 1
    inner = reaper.EnumerateSubdirectories(FOLDER, index)
  end
  return table.unpack(newest)
end

-- Return how long a source is from a place on, in seconds. A MIDI file is counted in quarter notes.
local function seconds(source, position)
  local length, is_quarters = reaper.GetMediaSourceLength(source)
  if not is_quarters then return length end
  local start = reaper.TimeMap2_timeToQN(0, position)
  return reaper.TimeMap2_QNToTime(0, start + length) - position
end

local function insert(path, title, position)
  local at = reaper.CountTracks(0)
  reaper.InsertTrackAtIndex(at, true)
  local track = reaper.GetTrack(0, at)
  reaper.GetSetMediaTrackInfo_String(track, "P_NAME", title, true)
  local item = reaper.AddMediaItemToTrack(track)
  local take = reaper.AddTakeToMediaItem(item)
  local source = reaper.PCM_Source_CreateFromFile(path)
  reaper.SetMediaItemTake_Source(take, source)
  reaper.SetMediaItemInfo_Value(item, "D_POSITION", position)
  reaper.SetMediaItemInfo_Value(item, "D_LENGTH", seconds(source, position))
  reaper.SetMediaItemInfo_Value(item, "B_LOOPSRC", 1)
  return track
end

local function main()
  local base, suffix, clip = newest_clip()
  if not base then
    reaper.ShowMessageBox("There is no clip in " .. FOLDER, "msanii-live", 0)
    return
  end
  local position = reaper.GetCursorPosition()
  reaper.Undo_BeginBlock()
  local whole = insert(base .. suffix, clip, position)
  if reaper.file_exists(base .. ".mid") then insert(base .. ".mid", clip .. " notes", position) end
  for _, stem in ipairs(STEMS) do
    local path = base .. "." .. stem .. ".wav"
    if reaper.file_exists(path) then
      insert(path, clip .. " " .. stem, position)
      reaper.SetMediaTrackInfo_Value(whole, "B_MUTE", 1)
    end
  end
  reaper.Undo_EndBlock("Insert the newest msanii-live clip", -1)
  reaper.UpdateArrange()
end

main()

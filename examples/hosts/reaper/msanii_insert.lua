-- REAPER: insert the newest clip of msanii-live at the edit cursor, each of its files on a track.
--
-- Actions > Show action list > New action > Load ReaScript, then give it a key. The clip is the one
-- that was written last into FOLDER; its stems and its notes come along if they lie beside it.

local FOLDER = FOLDER or (os.getenv("HOME") or os.getenv("USERPROFILE")) .. "/Music/msanii-live"
local STEMS = { "drums", "bass", "chords", "lead", "pad" }

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("a")
  if file then file:close() end
  return text
end

-- Return the name of the newest clip. Each clip has a sidecar, which says when it was written.
local function newest_clip()
  local newest, written = nil, -1
  local index = 0
  while true do
    local name = reaper.EnumerateFiles(FOLDER, index)
    if not name then return newest end
    local clip = name:match("^(.+)%.json$")
    local wrote = clip and tonumber((read(FOLDER .. "/" .. name) or ""):match('"wrote": ([%d.]+)'))
    if wrote and wrote > written then newest, written = clip, wrote end
    index = index + 1
  end
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
end

local function main()
  local clip = newest_clip()
  if not clip then
    reaper.ShowMessageBox("There is no clip in " .. FOLDER, "msanii-live", 0)
    return
  end
  local position = reaper.GetCursorPosition()
  reaper.Undo_BeginBlock()
  local base = FOLDER .. "/" .. clip
  local endings = { { ".wav", "" }, { ".mid", " notes" } }
  for _, stem in ipairs(STEMS) do
    endings[#endings + 1] = { "." .. stem .. ".wav", " " .. stem }
  end
  for _, ending in ipairs(endings) do
    if reaper.file_exists(base .. ending[1]) then
      insert(base .. ending[1], clip .. ending[2], position)
    end
  end
  reaper.Undo_EndBlock("Insert the newest msanii-live clip", -1)
  reaper.UpdateArrange()
end

main()

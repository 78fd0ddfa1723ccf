ardour {
  ["type"] = "EditorAction",
  name = "Import the newest msanii-live clip",
  author = "msanii-live",
  description = "Imports the clip that msanii-live wrote last at the playhead, each stem on a track, with its notes.",
}

function factory() return function()
  local given = os.getenv("MSANII_FOLDER") -- set it for Ardour if the folder is another one
  local folder = given or os.getenv("HOME") .. "/Music/msanii-live"
  local newest, written, suffix = nil, -1, nil
  local quoted = "'" .. folder:gsub("'", "'\\''") .. "'"
  local sidecars = io.popen("find " .. quoted .. " -maxdepth 2 -name '*.json'")
  for path in sidecars:lines() do
    local is_hidden = path:sub(#folder + 1):find("/.", 1, true)
    local text = is_hidden and "" or ARDOUR.LuaAPI.file_get_contents(path)
    local wrote = tonumber(text:match('"wrote": ([%d.]+)'))
    if wrote and wrote > written then
      newest, written, suffix = path:match("^(.+)%.json$"), wrote, text:match('"suffix": "(%.%a+)"')
    end
  end
  if not newest then
    print("There is no clip in " .. folder)
    return
  end
  local function exists(path)
    local file = io.open(path, "rb")
    if file then file:close() end
    return file ~= nil
  end
  local function import(paths)
    local files = C.StringVector()
    for _, path in ipairs(paths) do files:push_back(path) end
    local position = Temporal.timepos_t(Session:transport_sample())
    Editor:do_import(
      files, Editing.ImportDistinctFiles, Editing.ImportAsTrack, ARDOUR.SrcQuality.SrcBest,
      ARDOUR.MidiTrackNameSource.SMFTrackName, ARDOUR.MidiTempoMapDisposition.SMFTempoIgnore,
      position, ARDOUR.PluginInfo(), ARDOUR.Track(), false)
  end
  -- The stems add up to the clip, so they take its place.
  local sounds = {}
  for _, part in ipairs({ "drums", "bass", "chords", "lead", "pad" }) do
    local path = newest .. "." .. part .. ".wav"
    if exists(path) then sounds[#sounds + 1] = path end
  end
  if #sounds == 0 then sounds[1] = newest .. (suffix or ".wav") end
  import(sounds)
  if exists(newest .. ".mid") then import({ newest .. ".mid" }) end
end end

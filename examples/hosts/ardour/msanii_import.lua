ardour {
  ["type"] = "EditorAction",
  name = "Import the newest msanii-live clip",
  author = "msanii-live",
  description = "Imports the clip that msanii-live wrote last at the playhead, as a new track.",
}

function factory() return function()
  local given = os.getenv("MSANII_FOLDER") -- set it for Ardour if the folder is another one
  local folder = given or os.getenv("HOME") .. "/Music/msanii-live"
  local newest, written = nil, -1
  local quoted = "'" .. folder:gsub("'", "'\\''") .. "'"
  for name in io.popen("ls " .. quoted):lines() do
    local clip = name:match("^(.+)%.json$")
    local text = clip and ARDOUR.LuaAPI.file_get_contents(folder .. "/" .. name) or ""
    local wrote = tonumber(text:match('"wrote": ([%d.]+)'))
    if wrote and wrote > written then newest, written = clip, wrote end
  end
  if not newest then
    print("There is no clip in " .. folder)
    return
  end
  local files = C.StringVector()
  files:push_back(folder .. "/" .. newest .. ".wav")
  local position = Temporal.timepos_t(Session:transport_sample())
  Editor:do_import(
    files, Editing.ImportDistinctFiles, Editing.ImportAsTrack, ARDOUR.SrcQuality.SrcBest,
    ARDOUR.MidiTrackNameSource.SMFTrackName, ARDOUR.MidiTempoMapDisposition.SMFTempoIgnore,
    position, ARDOUR.PluginInfo(), ARDOUR.Track(), false)
end end

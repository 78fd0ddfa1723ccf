-- Run an editor action of Ardour in a real session without a window, with a model of the editor.
-- arg: the script, a folder for the session. Prints the action's name and what it imported.

AudioEngine:set_backend("None (Dummy)", "", "")
AudioEngine:start(false)
local session = create_session(arg[2], "test", 44100)
assert(session, "no session was made")
session:request_locate(44100, false, ARDOUR.LocateTransportDisposition.MustStop,
  ARDOUR.TransportRequestSource.TRS_UI)
for _ = 1, 200 do
  if session:transport_sample() == 44100 then break end
  ARDOUR.LuaAPI.usleep(50000)
end

local function tell(...) print(table.concat({ ... }, "\t")) end

function ardour(about) tell("NAME", about.type, about.name) end

Editing = { ImportDistinctFiles = "distinct", ImportAsTrack = "as track" }
Editor = {
  do_import = function(self, files, disposition, mode, quality, names, tempo, position, instrument, track, markers)
    assert(quality == ARDOUR.SrcQuality.SrcBest)
    for path in files:iter() do
      tell("IMPORT", path, disposition, mode, position:samples(), tostring(markers))
    end
  end,
}
dofile(arg[1])
factory()()
close_session()

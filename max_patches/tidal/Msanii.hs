-- msanii-live in Tidal: paste this after the line of BootTidal.hs that makes `tidal`, in place of it.
-- Start the server first, in a terminal: msanii-live serve
-- Tidal's own cps, delta, cycle and orbit are ignored by the server without a word.

:{
let msaniiTarget = Target { oName = "msanii", oAddress = "127.0.0.1", oPort = 7770, oBusPort = Nothing, oLatency = 0.2, oWindow = Nothing, oSchedule = Pre BundleStamp, oHandshake = False }
    msaniiPlay = OSC "/msanii/play" $ ArgList [("clip", Nothing)]
    msaniiMake = OSC "/msanii/generate" $ Named { requiredArgs = ["style"] }
    style = pS "style"
    clip = pS "clip"
    bars = pF "bars"
    density = pF "density"
:}

tidal <- startStream (defaultConfig {cFrameTimespan = 1/20}) [(superdirtTarget {oLatency = 0.1}, [superdirtShape]), (msaniiTarget, [msaniiPlay, msaniiMake])]

-- Then, in a session; clips that were made before can be played in a pattern, to the frame:
--
-- once $ style "house" # bars 1 # clip "a"
-- once $ style "piano" # bars 1 # clip "b"
-- d1 $ clip "a b a [b a]"

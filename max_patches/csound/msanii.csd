<CsoundSynthesizer>
; A clip from the msanii-live server, played when it is whole.
; Start the server first, in a terminal: msanii-live serve
; Csound cannot hear on the socket that it sends from, so it tells the server where it listens.
; Other ports: csound --omacro:PORT=7790 --omacro:EARS=57131 msanii.csd
<CsOptions>
-odac -d -m0
</CsOptions>
<CsInstruments>
sr = 44100
ksmps = 32
nchnls = 2
0dbfs = 1

#ifndef PORT
#define PORT #7770#
#end
#ifndef EARS
#define EARS #57130#
#end

giEars OSCinit $EARS

instr Ask
  OSCsend 1, "127.0.0.1", $PORT, "/msanii/notify", "ii", 1, $EARS
  OSCsend 1, "127.0.0.1", $PORT, "/msanii/generate", "sssfsfss", "style", "house", "bpm", 124, "bars", 1, "clip", "fromcsound"
endin

instr Hear
  Stoken = ""
  Sclip = ""
  Spath = ""
  Scommand = ""
  Scode = ""
  Swords = ""
  kJob init 0
  kSeconds init 0
  kRate init 0
  kChannels init 0
  kSeed init 0
  kTook init 0
  kDone OSClisten giEars, "/msanii/job/done", "sissfiiif", Stoken, kJob, Sclip, Spath, kSeconds, kRate, kChannels, kSeed, kTook
  if kDone == 1 then
    Sline sprintfk "i \"Play\" 0 %f \"%s\"", kSeconds, Spath
    scoreline Sline, 1
    Send sprintfk "i \"End\" %f 0.1", kSeconds
    scoreline Send, 1
  endif
  kFail OSClisten giEars, "/msanii/fail", "ssiss", Scommand, Stoken, kJob, Scode, Swords
  if kFail == 1 then
    printf "%s %s\n", 1, Scode, Swords
    scoreline "i \"End\" 0 0.1", 1
  endif
endin

instr Play
  Spath = p4
  prints "FRAMES %d\n", filelen:i(Spath) * filesr:i(Spath)
  aLeft, aRight diskin2 Spath, 1
  kLevel linen 0.5, 0.01, p3, 0.01
  outs aLeft * kLevel, aRight * kLevel
endin

instr End
  exitnow
endin
</CsInstruments>
<CsScore>
i "Hear" 0 600
i "Ask" 0.2 1
</CsScore>
</CsoundSynthesizer>

# A loop, more of it, another, and what lies between, from Sonic Pi.
# Start the server first, in a terminal: msanii-live serve
# Sonic Pi hears the answers on the port that it sends from, so nothing has to be registered.

use_osc "localhost", 7770
use_bpm 124

# Whatever is made last goes round, in time; what comes next waits for the bar.
live_loop :clips do
  use_real_time
  token, job, clip, path, seconds = sync "/osc*/msanii/job/done"
  puts "#{clip}: #{seconds.round(2)} s"
  set :clip, path
end

live_loop :bars do
  path = get(:clip)
  if path
    sample path
    sleep [1, (sample_duration path).round].max
  else
    sleep 1
  end
end

live_loop :errors do
  use_real_time
  command, token, job, code, words = sync "/osc*/msanii/fail"
  puts "#{code}: #{words}"
end

osc "/msanii/generate", "style", "house", "bpm", 124, "bars", 4, "clip", "a"
# osc "/msanii/outpaint", "a", "bars", 4, "clip", "longer"
# osc "/msanii/generate", "style", "piano", "bpm", 124, "bars", 4, "clip", "b"
# osc "/msanii/interpolate", "a", "b", "mix", 0.5, "clip", "between"

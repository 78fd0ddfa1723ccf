// Puts clips of msanii-live into Live's session or arrangement, by Live's own API.
//
// The device "Msanii Live" loads this file from its own folder. Messages: `path` with the sound file
// of the newest clip, `into` with 0 (session slot) or 1 (playhead), and `audio`, `midi`, `stems`.
// The outlet says in words what was done. No clip of the user's is ever replaced. What a clip is
// (tempo, length, notes, stems) is in the sidecar NAME.json beside its sound. Written for `js`, which
// Max 8 and Max 9 both have, in ECMAScript 5.

autowatch = 0;
inlets = 1;
outlets = 1;

var PARTS = ["drums", "bass", "chords", "lead", "pad"];
var BEATS = 0, COMPLEX = 4; // warp modes
var NEAR = 1e-3; // beats, and seconds of a warp marker
var OLD = "this needs Live 12.0.5 or later: drag the clip from the browser";
var newest = "", atPlayhead = false;

function path() { newest = arrayfromargs(arguments).join(" "); }
function into(value) { atPlayhead = value === 1; }
function audio() { attempt(putAudio); }
function midi() { attempt(putNotes); }
function stems() { attempt(putStems); }

function attempt(put) {
    try {
        if (!newest) throw new Error("generate a clip first");
        outlet(0, put(readFacts(newest)));
    } catch (error) {
        outlet(0, error.message);
    }
}

// -- what is put ---------------------------------------------------------------------------------

function putAudio(facts) {
    var piece = { file: newest, name: facts.name, track: "msanii", mode: COMPLEX };
    putFiles(facts, [piece], chosenTrack("has_audio_input"));
    return facts.name + " is in Live";
}

function putStems(facts) {
    var base = newest.replace(/\.[^.\/]*$/, ""), pieces = [];
    for (var n = 0; n < PARTS.length; n++) {
        var suffix = companion(facts, "." + PARTS[n] + ".wav");
        if (!suffix) continue;
        pieces.push({
            file: base + suffix, name: facts.name + " " + PARTS[n],
            track: "msanii " + PARTS[n], mode: n ? COMPLEX : BEATS
        });
    }
    if (!pieces.length) throw new Error("no stems: switch Compose on and generate again");
    putFiles(facts, pieces, null);
    return pieces.length + " stems are in Live";
}

function putNotes(facts) {
    var suffix = companion(facts, ".mid");
    if (!suffix) throw new Error("no notes: switch Compose on and generate again");
    var file = newest.replace(/\.[^.\/]*$/, "") + suffix;
    var score = parseMidi(readBytes(file)), pieces = score.parts;
    if (!pieces.length) throw new Error("the clip has no notes");
    for (var n = 0; n < pieces.length; n++) pieces[n].track = "msanii " + pieces[n].name + " MIDI";
    var chosen = pieces.length === 1 ? chosenTrack("has_midi_input") : null;
    var beats = facts.beats || score.beats;
    var place = findPlace("has_midi_input", "create_midi_track", pieces, chosen, beats);
    for (n = 0; n < pieces.length; n++) {
        var clip = createNotes(place, place.tracks[n], beats);
        clip.set("name", facts.name + " " + pieces[n].name);
        clip.call("add_new_notes", { notes: pieces[n].notes });
        setLoop(clip, facts, beats);
    }
    return "notes of " + pieces.length + (pieces.length === 1 ? " part are" : " parts are") + " in Live";
}

function putFiles(facts, pieces, chosen) {
    need(new LiveAPI("live_set tracks 0 clip_slots 0"), "create_audio_clip");
    var place = findPlace("has_audio_input", "create_audio_track", pieces, chosen, facts.beats);
    for (var n = 0; n < pieces.length; n++) {
        var clip = createAudio(place, place.tracks[n], pieces[n].file);
        clip.set("name", pieces[n].name);
        if (!facts.beats) continue; // a sound of unknown tempo: Live's own warping stands
        clip.set("warping", 1);
        clip.set("warp_mode", pieces[n].mode);
        setWarp(clip, facts);
        setLoop(clip, facts, facts.beats);
    }
}

// -- where it is put -----------------------------------------------------------------------------

// Return a scene or a beat, and a track with room there for each piece. Tracks are made if needed.
function findPlace(kind, create, pieces, chosen, beats) {
    var place = atPlayhead ? { beat: playhead() } : { scene: 0 };
    var tracks = place.tracks = [], n;
    for (n = 0; n < pieces.length; n++) {
        var track = chosen && !n ? chosen : namedTrack(pieces[n].track, kind);
        if (track && atPlayhead && !hasRoom(track, place.beat, beats)) {
            track = namedTrack(pieces[n].track, kind);
            if (track && !hasRoom(track, place.beat, beats)) track = null;
        }
        tracks.push(track || newTrack(create, pieces[n].track));
    }
    if (!atPlayhead) place.scene = freeScene(tracks);
    return place;
}

function chosenTrack(kind) {
    var track = new LiveAPI("live_set view selected_track");
    // The device, which may be in a rack, plays clips by notes: notes on its track would start them.
    var home = new LiveAPI("this_device").unquotedpath.match(/^live_set tracks \d+/);
    return home && home[0] === track.unquotedpath || !isOpen(track, kind) ? null : track;
}

// Whether clips can be put on a track: not on the main track, a return, a group or a frozen one.
function isOpen(track, kind) {
    return / tracks \d+$/.test(track.unquotedpath) && !value(track, "is_foldable") &&
        !value(track, "is_frozen") && value(track, kind) === 1;
}

function namedTrack(name, kind) {
    var song = new LiveAPI("live_set");
    for (var n = 0; n < song.getcount("tracks"); n++) {
        var track = new LiveAPI("live_set tracks " + n);
        if (track.get("name").join(" ") === name && isOpen(track, kind)) return track;
    }
    return null;
}

function newTrack(create, name) {
    var song = new LiveAPI("live_set");
    song.call(create, -1);
    var track = new LiveAPI("live_set tracks " + (song.getcount("tracks") - 1));
    track.set("name", name);
    return track;
}

// Return the first scene from the selected one on whose slots are empty on all tracks.
function freeScene(tracks) {
    var song = new LiveAPI("live_set"), count = song.getcount("scenes"), scene = 0;
    var selected = String(new LiveAPI("live_set view selected_scene").id);
    while (scene < count && String(new LiveAPI("live_set scenes " + scene).id) !== selected) scene++;
    for (; scene < count; scene++) {
        var free = true;
        for (var n = 0; n < tracks.length; n++) {
            if (value(slotOf(tracks[n], scene), "has_clip")) free = false;
        }
        if (free) return scene;
    }
    song.call("create_scene", -1);
    return count;
}

function slotOf(track, scene) {
    return new LiveAPI(track.unquotedpath + " clip_slots " + scene);
}

// Return the beat of the playhead, or of the next bar while Live plays.
function playhead() {
    var song = new LiveAPI("live_set"), beat = value(song, "current_song_time");
    if (!value(song, "is_playing")) return beat;
    var bar = value(song, "signature_numerator") * 4 / value(song, "signature_denominator");
    return Math.ceil(beat / bar - 1e-6) * bar;
}

function hasRoom(track, beat, beats) {
    for (var n = 0; n < track.getcount("arrangement_clips"); n++) {
        var clip = new LiveAPI(track.unquotedpath + " arrangement_clips " + n);
        var end = beat + (beats || 1e9);
        if (value(clip, "start_time") < end - NEAR && value(clip, "end_time") > beat + NEAR) return false;
    }
    return true;
}

// -- Live's clips --------------------------------------------------------------------------------

function createAudio(place, track, file) {
    if (place.beat === undefined) {
        var slot = slotOf(track, place.scene);
        slot.call("create_audio_clip", file);
        return made(new LiveAPI(slot.unquotedpath + " clip"));
    }
    need(track, "create_audio_clip");
    track.call("create_audio_clip", file, place.beat);
    return arrangedClip(track, place.beat);
}

function createNotes(place, track, beats) {
    if (place.beat === undefined) {
        var slot = slotOf(track, place.scene);
        slot.call("create_clip", beats);
        return made(new LiveAPI(slot.unquotedpath + " clip"));
    }
    need(track, "create_midi_clip");
    track.call("create_midi_clip", place.beat, beats);
    return arrangedClip(track, place.beat);
}

function arrangedClip(track, beat) {
    for (var n = 0; n < track.getcount("arrangement_clips"); n++) {
        var clip = new LiveAPI(track.unquotedpath + " arrangement_clips " + n);
        if (Math.abs(value(clip, "start_time") - beat) < NEAR) return clip;
    }
    return made(null);
}

function made(clip) {
    if (!clip || String(clip.id) === "0") throw new Error("Live made no clip: see the Max window");
    return clip;
}

// Pin the first sample to beat 0 and the end to the clip's last beat; markers between them go.
function setWarp(clip, facts) {
    var markers = warpMarkers(clip), ends = [[0, 0], [facts.seconds, facts.beats]], n, k;
    for (n = 1; n < markers.length - 1; n++) { // the last is Live's own and stays
        if (!isAt(markers[n], ends[1][0])) clip.call("remove_warp_marker", markers[n].beat_time);
    }
    for (k = 0; k < ends.length; k++) {
        var found = null;
        for (n = 0; n < markers.length; n++) if (isAt(markers[n], ends[k][0])) found = markers[n];
        if (!found) {
            clip.call("add_warp_marker", { sample_time: ends[k][0], beat_time: ends[k][1] });
        } else if (Math.abs(found.beat_time - ends[k][1]) > NEAR / 10) {
            clip.call("move_warp_marker", found.beat_time, ends[k][1] - found.beat_time);
        }
    }
    for (n = 0, markers = warpMarkers(clip); n < markers.length; n++) {
        if (isAt(markers[n], facts.seconds) && Math.abs(markers[n].beat_time - facts.beats) < NEAR) return;
    }
    throw new Error("Live did not take the warp marker: type the tempo " + facts.bpm + " into Clip View");
}

function warpMarkers(clip) {
    var text = clip.get("warp_markers");
    return JSON.parse(typeof text === "string" ? text : text[0]).warp_markers;
}

function isAt(marker, seconds) { return Math.abs(marker.sample_time - seconds) < NEAR; }

function setLoop(clip, facts, beats) {
    clip.set("looping", facts.loops ? 1 : 0);
    clip.set("end_marker", beats);
    if (!facts.loops) return;
    clip.set("loop_end", beats);
    clip.set("loop_start", 0);
}

function need(object, name) {
    if (String(object.info).indexOf("function " + name) < 0) throw new Error(OLD);
}

// Return a property's value: `get` wraps it in an array.
function value(object, name) {
    var found = object.get(name);
    return found !== null && typeof found === "object" ? found[0] : found;
}

// -- files ---------------------------------------------------------------------------------------

function readFacts(file) {
    var bytes = readBytes(file.replace(/\.[^.\/]*$/, ".json")), text = "";
    for (var n = 0; n < bytes.length; n++) text += String.fromCharCode(bytes[n]);
    var facts = JSON.parse(text); // plain ASCII
    facts.seconds = facts.frames / facts.sample_rate;
    facts.beats = facts.bpm ? Math.round(facts.seconds * facts.bpm / 60 * 1e4) / 1e4 : 0;
    return facts;
}

// Return what follows the clip's stem in the file of its notes or of a stem, null without one.
function companion(facts, ending) {
    for (var suffix in facts.companions || {}) {
        if (suffix.replace(/^-\d+/, "") === ending) return suffix;
    }
    return null;
}

function readBytes(name) {
    var file = new File(name, "read"), bytes = [];
    if (!file.isopen) throw new Error("cannot read " + name);
    while (file.position < file.eof) bytes = bytes.concat(file.readbytes(4096));
    file.close();
    return bytes;
}

// Return the notes of a MIDI file in beats, by the names of its tracks.
function parseMidi(bytes) {
    var at = 8, end;
    function number(size) {
        for (var total = 0; size > 0; size--) total = total * 256 + bytes[at++];
        return total;
    }
    function variable() {
        for (var total = 0, byte = 128; byte & 128;) total = total * 128 + ((byte = bytes[at++]) & 127);
        return total;
    }
    number(2);
    var tracks = number(2), division = number(2), parts = [], last = 0;
    while (tracks-- > 0) {
        at += 4;
        end = number(4);
        end += at;
        var part = { name: "notes", notes: [] }, open = {}, tick = 0, status = 0;
        while (at < end) {
            tick += variable();
            if (bytes[at] & 128) status = bytes[at++];
            if (status >= 0xf0) {
                var kind = status === 0xff ? bytes[at++] : -1, size = variable();
                if (kind === 3) part.name = String.fromCharCode.apply(null, bytes.slice(at, at + size));
                at += size;
                continue;
            }
            var pitch = bytes[at++], velocity = (status >> 5) === 6 ? 0 : bytes[at++];
            if ((status & 0xe0) !== 0x80) continue; // neither the start nor the end of a note
            var begun = open[pitch];
            if (begun) begun.duration = Math.max(tick / division - begun.start_time, 1e-3);
            open[pitch] = null;
            if ((status & 0xf0) !== 0x90 || !velocity) continue;
            open[pitch] = { pitch: pitch, start_time: tick / division, duration: 0.25, velocity: velocity };
            part.notes.push(open[pitch]);
        }
        last = Math.max(last, tick);
        if (part.notes.length) parts.push(part);
    }
    return { parts: parts, beats: last / division };
}

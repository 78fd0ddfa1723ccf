// A model of a Live Set by Cycling '74's page on the Live Object Model: what exists, what may be
// called where, and what comes back. What the page does not say throws, as a typo would.
"use strict";

const SLOT = ["create_clip", "delete_clip", "fire", "stop", "create_audio_clip"];
const TRACK = ["delete_clip", "stop_all_clips", "create_audio_clip", "create_midi_clip"];
const SONG = ["create_audio_track", "create_midi_track", "create_scene", "start_playing"];
const CLIP = ["fire", "add_new_notes", "add_warp_marker", "move_warp_marker", "remove_warp_marker"];
const LATE = ["create_audio_clip", "create_midi_clip"]; // since Live 12.0.5
const FUNCTIONS = { Song: SONG, Track: TRACK, ClipSlot: SLOT, Clip: CLIP };
const WRITABLE = {
    Track: ["name"], Scene: ["name"], Song: ["current_song_time"],
    Clip: ["name", "looping", "loop_start", "loop_end", "start_marker", "end_marker", "warping", "warp_mode"],
};

class LiveSet {
    // seconds: of a sound file. guess: the tempo that Live's own warping finds, if not the song's.
    constructor(seconds, { isOld = false, guess = 0, takesMarkers = true } = {}) {
        Object.assign(this, { seconds, isOld, guess, takesMarkers, count: 0, lines: [] });
        this.song = this.make("Song", {
            current_song_time: 0, is_playing: 0, signature_numerator: 4, signature_denominator: 4,
            tempo: 124, tracks: [], scenes: [], view: null,
        });
        this.scene();
        this.scene();
        const home = this.track("1-Msanii", false);
        this.track("2-Audio", true);
        this.device = this.make("Device", {});
        this.song.view = this.make("View", { selected_track: home, selected_scene: this.song.scenes[0] });
    }

    make(kind, properties) { return { kind, id: ++this.count, ...properties }; }

    scene() {
        this.song.scenes.push(this.make("Scene", { name: "" }));
        for (const track of this.song.tracks) track.clip_slots.push(this.slot(track));
    }

    slot(track) { return this.make("ClipSlot", { has_clip: 0, clip: null, home: track }); }

    track(name, isAudio) {
        const track = this.make("Track", {
            name, has_audio_input: +isAudio, has_midi_input: +!isAudio, is_foldable: 0, is_frozen: 0,
            arrangement_clips: [], clip_slots: [],
        });
        track.clip_slots = this.song.scenes.map(() => this.slot(track));
        this.song.tracks.push(track);
        return track;
    }

    audioClip(file, start) {
        const seconds = this.seconds(file), bpm = this.guess || this.song.tempo;
        const beats = seconds * bpm / 60, last = Math.min(seconds, 0.5);
        return this.make("Clip", {
            ...this.shape("", beats, start), is_audio_clip: 1, file_path: file, warping: 0, warp_mode: 0,
            markers: [[0, 0], [last, last * bpm / 60], [last + 1 / 64, (last + 1 / 64) * bpm / 60]],
        });
    }

    shape(name, beats, start) {
        return {
            name, looping: 1, loop_start: 0, loop_end: beats, start_marker: 0, end_marker: beats,
            start_time: start, end_time: start + beats, notes: [], is_audio_clip: 0,
        };
    }

    canonical(item) {
        const { tracks, scenes } = this.song;
        if (item === this.song) return "live_set";
        if (item === this.device) return "live_set tracks 0 devices 0 chains 0 devices 0"; // in a rack
        if (item.kind === "Scene") return "live_set scenes " + scenes.indexOf(item);
        for (let t = 0; t < tracks.length; t++) {
            const path = "live_set tracks " + t;
            if (tracks[t] === item) return path;
            const slot = tracks[t].clip_slots.findIndex((each) => each === item || each.clip === item);
            if (slot >= 0) return `${path} clip_slots ${slot}` + (item.kind === "Clip" ? " clip" : "");
            const at = tracks[t].arrangement_clips.indexOf(item);
            if (at >= 0) return `${path} arrangement_clips ${at}`;
        }
        return item.kind;
    }

    find(path) {
        const words = path.split(" "), roots = { live_set: this.song, this_device: this.device };
        let item = roots[words.shift()];
        while (item && words.length) {
            const word = words.shift();
            if (Array.isArray(item)) item = item[Number(word)];
            else if (!(word in item) || word === "home") throw Error(`${item.kind} has no ${word}`);
            else item = item[word];
        }
        return item || null;
    }

    functions(kind) {
        return (FUNCTIONS[kind] || []).filter((name) => !(this.isOld && LATE.includes(name)));
    }

    call(item, name, args) {
        if (!this.functions(item.kind).includes(name)) throw Error(`${item.kind} has no function ${name}`);
        this.lines.push([this.canonical(item), name, ...args]);
        return this[`${item.kind}_${name}`](item, ...args);
    }

    Song_create_audio_track(song, at) { this.append(at, () => this.track("Audio", true)); }
    Song_create_midi_track(song, at) { this.append(at, () => this.track("MIDI", false)); }
    Song_create_scene(song, at) { this.append(at, () => this.scene()); }
    append(at, make) {
        if (at !== -1) throw Error("only -1, the end, is known here");
        make();
    }

    ClipSlot_create_audio_clip(slot, file) {
        if (slot.has_clip || !slot.home.has_audio_input) throw Error("not an empty slot of an audio track");
        Object.assign(slot, { has_clip: 1, clip: this.audioClip(file, 0) });
    }

    ClipSlot_create_clip(slot, beats) {
        if (slot.has_clip || !slot.home.has_midi_input) throw Error("not an empty slot of a MIDI track");
        if (!(beats > 0)) throw Error("a clip has a length");
        Object.assign(slot, { has_clip: 1, clip: this.make("Clip", this.shape("", beats, 0)) });
    }

    Track_create_audio_clip(track, file, beat) {
        if (!track.has_audio_input || !(beat >= 0)) throw Error("no audio track, or no beat");
        track.arrangement_clips.push(this.audioClip(file, beat));
    }

    Track_create_midi_clip(track, beat, beats) {
        if (!track.has_midi_input || !(beat >= 0 && beats > 0)) throw Error("no MIDI track, or no beats");
        track.arrangement_clips.push(this.make("Clip", this.shape("", beats, beat)));
    }

    Clip_add_new_notes(clip, { notes }) {
        if (clip.is_audio_clip) throw Error("an audio clip has no notes");
        for (const note of notes) {
            const { pitch, start_time, duration, velocity, ...more } = note;
            const isWhole = Number.isInteger(pitch) && pitch >= 0 && pitch < 128 && velocity > 0 && velocity < 128;
            if (!isWhole || !(duration > 0) || !(start_time >= 0) || Object.keys(more).length) {
                throw Error("no note: " + JSON.stringify(note));
            }
        }
        clip.notes.push(...notes);
    }

    // The last marker is Live's own: it is always one 64th of a second after the last of the user's.
    Clip_add_warp_marker(clip, { sample_time, beat_time }) {
        const isTaken = clip.markers.some(([sample]) => Math.abs(sample - sample_time) < 1e-6);
        if (!isTaken && this.takesMarkers) this.mark(clip, [...clip.markers.slice(0, -1), [sample_time, beat_time]]);
    }

    Clip_move_warp_marker(clip, beat, distance) {
        const move = (each) => (each[1] === beat ? [each[0], beat + distance] : each);
        this.mark(clip, clip.markers.slice(0, -1).map(move));
    }

    Clip_remove_warp_marker(clip, beat) {
        this.mark(clip, clip.markers.slice(0, -1).filter((each) => each[1] !== beat));
    }

    mark(clip, users) {
        users.sort((a, b) => a[0] - b[0]);
        const last = users[users.length - 1], before = users[users.length - 2] || [0, 0];
        const slope = (last[1] - before[1]) / (last[0] - before[0]) || this.song.tempo / 60;
        clip.markers = [...users, [last[0] + 1 / 64, last[1] + slope / 64]];
    }
}

// Return the class LiveAPI over a set.
function liveApi(set) {
    return class LiveAPI {
        constructor(path) { this.item = set.find(path); }
        get id() { return String(this.item ? this.item.id : 0); }
        get unquotedpath() { return this.item ? set.canonical(this.item) : ""; }
        get info() {
            return set.functions(this.item ? this.item.kind : "").map((name) => `function ${name}\n`).join("");
        }
        get(name) {
            if (name === "warp_markers") {
                const markers = this.item.markers.map(([sample_time, beat_time]) => ({ sample_time, beat_time }));
                return [JSON.stringify({ warp_markers: markers })];
            }
            if (typeof this.item[name] === "object" || !(name in this.item)) throw Error(`no property ${name}`);
            return [this.item[name]];
        }
        set(name, value) {
            if (!(WRITABLE[this.item.kind] || []).includes(name)) throw Error(`${name} cannot be set`);
            if (name.startsWith("warp") && !this.item.is_audio_clip) throw Error("only audio is warped");
            set.lines.push([set.canonical(this.item), "set", name, value]);
            this.item[name] = value;
        }
        call(name, ...args) { return set.call(this.item, name, args); }
        getcount(name) {
            if (!Array.isArray(this.item[name])) throw Error(`no children ${name}`);
            return this.item[name].length;
        }
    };
}

module.exports = { LiveSet, liveApi };

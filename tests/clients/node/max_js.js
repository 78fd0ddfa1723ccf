// Max's `js` object: runs a script, with a model of a Live Set for it to act on. Each line that comes
// in is a message, or a change of the set; each is answered by what left the outlets, and "end".
//
//     node max_js.js SCRIPT OPTIONS      OPTIONS: JSON, see LiveSet
"use strict";

const fs = require("fs"), readline = require("readline"), vm = require("vm");
const { LiveSet, liveApi } = require("./live_set.js");

const say = (answer) => fs.writeSync(1, JSON.stringify(answer) + "\n");

// Return the length of a WAV in seconds.
function seconds(file) {
    const bytes = fs.readFileSync(file);
    let rate = 0;
    for (let at = 12; at + 8 <= bytes.length;) {
        const size = bytes.readUInt32LE(at + 4);
        if (bytes.toString("latin1", at, at + 4) === "fmt ") rate = bytes.readUInt32LE(at + 16);
        if (bytes.toString("latin1", at, at + 4) === "data") return size / rate;
        at += 8 + size + (size & 1);
    }
    throw Error(file + " is no WAV");
}

// Max's class File, as far as scripts here read.
class MaxFile {
    constructor(name, access) {
        if (access !== "read") throw Error("only reading is known here");
        this.isopen = fs.existsSync(name);
        this.bytes = this.isopen ? fs.readFileSync(name) : [];
        this.position = 0;
    }
    get eof() { return this.bytes.length; }
    readbytes(count) {
        const found = Array.from(this.bytes.slice(this.position, this.position + count));
        this.position += found.length;
        return found;
    }
    close() { this.isopen = false; }
}

const set = new LiveSet(seconds, JSON.parse(process.argv[3] || "{}"));
const globals = {
    LiveAPI: liveApi(set), File: MaxFile, post: () => {},
    arrayfromargs: (args) => Array.from(args), outlet: (n, ...atoms) => say({ outlet: n, atoms }),
};
vm.createContext(globals);
vm.runInContext(fs.readFileSync(process.argv[2], "utf8"), globals);

const actions = {
    message({ selector, args }) {
        if (typeof globals[selector] !== "function") throw Error(`no function ${selector}`);
        globals[selector](...args);
    },
    change({ path, values }) { Object.assign(set.find(path), values); },
    select({ track, scene }) {
        set.song.view.selected_track = set.song.tracks[track];
        set.song.view.selected_scene = set.song.scenes[scene];
    },
    look() {
        const bare = (key, found) => (key === "home" || key === "view" ? undefined : found);
        say({ set: JSON.parse(JSON.stringify(set.song, bare)), lines: set.lines });
    },
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const { action, ...rest } = JSON.parse(line);
    try {
        actions[action](rest);
    } catch (error) {
        say({ error: error.stack });
    }
    say({ end: true });
});

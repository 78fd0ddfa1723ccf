// Bitwig Studio: make clips with msanii-live from the Studio I/O panel, in the project's tempo.
//
// Copy this file to Documents/Bitwig Studio/Controller Scripts/msanii/ and add the controller
// msanii-live in the settings. A clip that is ready lands in the selected slot of the launcher. Where
// Compose is on, clips have notes and stems: Notes puts the notes into the selected slot, and Stems
// the stems into the slots to its right, one on each track, if they are empty.

loadAPI(17);
host.defineController("msanii-live", "msanii-live", "1.0",
    "6d73616e-6969-4c69-7665-626974776967", "msanii-live");
host.defineMidiPorts(0, 0);

var SERVER_PORT = 7770, OUR_PORT = 7790, REGISTER = 20000; // ms: a registration lasts 60 s
var STYLES = ["house", "techno", "hiphop", "lofi", "synth", "ambient", "bossa", "piano", "pop", "jazz"];
var PARTS = ["drums", "bass", "chords", "lead", "pad"], TRACKS = 32, SCENES = 32;
var server, slot, cursor, bank, newest = "", isComposed = false, bpm = 120, job = -1, count = 0;

function init() {
    var osc = host.getOscModule();
    var space = osc.createAddressSpace();
    space.registerMethod("/msanii/job/queued", "*", "a job waits", function (source, message) {
        job = message.getInt(1);
    });
    space.registerMethod("/msanii/job/done", "*", "a clip is ready", function (source, message) {
        newest = message.getString(3);
        slot.replaceInsertionPoint().insertFile(newest);
        host.showPopupNotification("msanii-live: " + message.getString(2));
    });
    space.registerMethod("/msanii/fail", "*", "a command failed", function (source, message) {
        host.showPopupNotification("msanii-live: " + message.getString(4));
    });
    space.registerDefaultMethod(function (source, message) {});
    osc.createUdpServer(OUR_PORT, space);
    server = osc.connectToUdpServer("127.0.0.1", SERVER_PORT, space);

    slot = host.createLauncherCursorClip(16, 128).clipLauncherSlot();
    slot.sceneIndex().markInterested();
    cursor = host.createCursorTrack(0, 0);
    cursor.position().markInterested();
    bank = host.createMainTrackBank(TRACKS, 0, SCENES);
    for (var track = 0; track < TRACKS; track++) {
        for (var scene = 0; scene < SCENES; scene++) slotAt(track, scene).hasContent().markInterested();
    }
    var tempo = host.createTransport().tempo().value();
    tempo.addRawValueObserver(function (value) {
        bpm = value;
        send("/msanii/transport", "bpm", bpm);
    });

    var panel = host.getDocumentState();
    var style = panel.getEnumSetting("Style", "msanii-live", STYLES, STYLES[0]);
    var bars = panel.getNumberSetting("Bars", "msanii-live", 1, 32, 1, "bars", 4);
    style.markInterested();
    bars.markInterested();
    var compose = panel.getEnumSetting("Compose", "msanii-live", ["off", "on"], "off");
    compose.markInterested();
    panel.getSignalSetting("Generate", "msanii-live", "Generate").addSignalObserver(function () {
        var words = ["/msanii/generate", "style", style.get(), "bpm", bpm, "bars", Math.round(bars.getRaw())];
        isComposed = compose.get() === "on";
        send.apply(null, isComposed ? words.concat("engine", "composer", "stems", 1) : words);
    });
    panel.getSignalSetting("Notes", "msanii-live", "Notes").addSignalObserver(function () {
        if (hasParts()) slot.replaceInsertionPoint().insertFile(besides("mid"));
    });
    panel.getSignalSetting("Stems", "msanii-live", "Stems").addSignalObserver(putStems);
    panel.getSignalSetting("Vary", "msanii-live", "Vary").addSignalObserver(function () {
        isComposed = false;
        send("/msanii/audio2audio", "last", "strength", 0.5);
    });
    panel.getSignalSetting("Cancel", "msanii-live", "Cancel").addSignalObserver(function () {
        if (job >= 0) send("/msanii/job/cancel", job);
    });
    register();
}

function slotAt(track, scene) { return bank.getItemAt(track).clipLauncherSlotBank().getItemAt(scene); }

// Return the file of the newest clip that has another ending.
function besides(ending) { return newest.replace(/\.[^.\/]*$/, "." + ending); }

function hasParts() {
    if (newest && isComposed) return true;
    host.showPopupNotification("msanii-live: switch Compose on and generate first");
    return false;
}

function putStems() {
    if (!hasParts()) return;
    var track = cursor.position().get() + 1, scene = slot.sceneIndex().get(), slots = [];
    for (var n = 0; n < PARTS.length; n++) {
        var free = track + n < TRACKS && scene < SCENES ? slotAt(track + n, scene) : null;
        if (!free || free.hasContent().get()) {
            host.showPopupNotification("msanii-live: select a slot with five empty ones to its right");
            return;
        }
        slots.push(free);
    }
    for (n = 0; n < PARTS.length; n++) {
        slots[n].replaceInsertionPoint().insertFile(besides(PARTS[n] + ".wav"));
    }
}

// Send a command; its replies come to our port.
function send() {
    count = count + 1;
    var values = Array.prototype.slice.call(arguments, 1);
    values.push("id", "bitwig-" + OUR_PORT + "-" + Date.now() + "-" + count, "reply_port", OUR_PORT);
    server.sendMessage.apply(server, [arguments[0]].concat(values));
}

function register() {
    server.sendMessage("/msanii/notify", 1, OUR_PORT);
    host.scheduleTask(register, REGISTER);
}

function flush() {}

function exit() {}

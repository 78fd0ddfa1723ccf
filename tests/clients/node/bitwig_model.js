// Run the controller script of Bitwig with a model of Bitwig's API, over real UDP.
// argv: the script, the port of the server, a port for the script. Presses Generate, and prints what
// is inserted and shown. With "on" as the fourth word, Compose is on, and Notes and Stems are pressed
// too. A function that the model does not have is an error.

const fs = require("fs"), osc = require("osc"), vm = require("vm");
const [script, serverPort, ourPort, compose = "off"] = process.argv.slice(2);

function strict(name, members) {
    return new Proxy(members, {
        get(object, key) {
            if (!(key in object)) throw new Error(`Bitwig's ${name} has no ${String(key)}`);
            return object[key];
        },
    });
}

const methods = {}, signals = {};
let socket;
const say = (...words) => console.log(JSON.stringify(words));
const number = (value) => strict("value", {markInterested: () => {}, get: () => value()});
const taken = new Set();
const slotOf = (name, members) => strict("slot", {
    hasContent: () => number(() => taken.has(name)),
    replaceInsertionPoint: () => strict("insertion point", {
        insertFile: (path) => {
            say(name, path);
            taken.add(name);
            if (members) setTimeout(press, 0);
        },
    }),
    ...members,
});
const slot = slotOf("inserted", {sceneIndex: () => number(() => 2)});
const presses = ["Stems", "Stems", "Notes"];
function press() {
    const next = compose === "on" ? presses.shift() : null;
    if (!next) process.exit(0);
    signals[next]();
    if (next === "Stems") setTimeout(press, 0);
}
const space = strict("address space", {
    registerMethod: (address, tags, text, call) => { methods[address] = call; },
    registerDefaultMethod: (call) => { methods["*"] = call; },
});
const module_ = strict("OSC module", {
    createAddressSpace: () => space,
    createUdpServer: (port, where) => {
        socket = new osc.UDPPort({
            localAddress: "127.0.0.1", localPort: port, remoteAddress: "127.0.0.1",
            remotePort: +serverPort, metadata: true,
        });
        socket.on("message", (message) => {
            const at = (index) => message.args[index].value;
            (methods[message.address] || methods["*"])(null, strict("message", {
                getInt: at, getString: at, getFloat: at,
            }));
        });
        socket.open();
    },
    connectToUdpServer: () => strict("connection", {
        sendMessage: (address, ...values) => {
            const asked = values.indexOf("composer");
            if (asked > 0) say("engine", ...values.splice(asked - 1, 2)); // the server here has none
            const args = values.map((value) => ({
                type: typeof value === "string" ? "s" : Number.isInteger(value) ? "i" : "f", value,
            }));
            const go = () => socket.send({address, args});
            socket.socket ? go() : socket.on("ready", go);
        },
    }),
});
const setting = (value) => strict("setting", {
    markInterested: () => {}, get: () => value, getRaw: () => value,
});
const host = strict("host", {
    defineController: () => {}, defineMidiPorts: () => {}, getOscModule: () => module_,
    createCursorTrack: () => strict("cursor track", {position: () => number(() => 3)}),
    createMainTrackBank: (tracks, sends, scenes) => strict("track bank", {
        getItemAt: (track) => strict("track", {
            clipLauncherSlotBank: () => strict("slot bank", {
                getItemAt: (scene) => slotOf(`${track} ${scene}`),
            }),
        }),
    }),
    createLauncherCursorClip: () => strict("cursor clip", {clipLauncherSlot: () => slot}),
    createTransport: () => strict("transport", {
        tempo: () => strict("parameter", {
            value: () => strict("value", {addRawValueObserver: (call) => setTimeout(call, 0, 124.5)}),
        }),
    }),
    getDocumentState: () => strict("document state", {
        getEnumSetting: (name, category, choices, initial) => setting(name === "Compose" ? compose : initial),
        getNumberSetting: (name, category, low, high, step, unit, initial) => setting(1),
        getSignalSetting: (name, category, action) => strict("signal", {
            addSignalObserver: (call) => { signals[name] = call; },
        }),
    }),
    scheduleTask: () => {},
    showPopupNotification: (text) => say("shown", text),
});

const text = fs.readFileSync(script, "utf8")
    .replace("SERVER_PORT = 7770", `SERVER_PORT = ${serverPort}`)
    .replace("OUR_PORT = 7790", `OUR_PORT = ${ourPort}`);
const world = vm.createContext({host, loadAPI: () => {}, Date, Math, Array});
vm.runInContext(text, world);
world.init();
socket.on("ready", () => setTimeout(() => signals.Generate(), 100));
setTimeout(() => process.exit(1), 30000);

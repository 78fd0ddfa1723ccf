// Run the controller script of Bitwig with a model of Bitwig's API, over real UDP.
// argv: the script, the port of the server, a port for the script. Presses Generate, and prints what
// is inserted and shown. A function that the model does not have is an error.

const fs = require("fs"), osc = require("osc"), vm = require("vm");
const [script, serverPort, ourPort] = process.argv.slice(2);

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
const slot = strict("slot", {
    replaceInsertionPoint: () => strict("insertion point", {
        insertFile: (path) => {
            console.log(JSON.stringify(["inserted", path]));
            process.exit(0);
        },
    }),
});
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
    createLauncherCursorClip: () => strict("cursor clip", {clipLauncherSlot: () => slot}),
    createTransport: () => strict("transport", {
        tempo: () => strict("parameter", {
            value: () => strict("value", {addRawValueObserver: (call) => setTimeout(call, 0, 124.5)}),
        }),
    }),
    getDocumentState: () => strict("document state", {
        getEnumSetting: (name, category, choices, initial) => setting(initial),
        getNumberSetting: (name, category, low, high, step, unit, initial) => setting(1),
        getSignalSetting: (name, category, action) => strict("signal", {
            addSignalObserver: (call) => { signals[name] = call; },
        }),
    }),
    scheduleTask: () => {},
    showPopupNotification: (text) => console.log(JSON.stringify(["shown", text])),
});

const text = fs.readFileSync(script, "utf8")
    .replace("SERVER_PORT = 7770", `SERVER_PORT = ${serverPort}`)
    .replace("OUR_PORT = 7790", `OUR_PORT = ${ourPort}`);
const world = vm.createContext({host, loadAPI: () => {}, Date, Math, Array});
vm.runInContext(text, world);
world.init();
socket.on("ready", () => setTimeout(() => signals.Generate(), 100));
setTimeout(() => process.exit(1), 30000);

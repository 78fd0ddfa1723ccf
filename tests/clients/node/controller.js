// Send messages as a touch controller does, with the library `osc` or `node-osc`, and print what comes.
// argv: library, port of the server. stdin: {"messages": [[address, [[type, value], ...]], ...],
// "until": [address, ...]}. Ends when each address of `until` has come.

const [library, port] = process.argv.slice(2);
const {messages, until} = JSON.parse(require("fs").readFileSync(0));
const waiting = new Set(until);

function heard(address, values) {
    console.log(JSON.stringify([address, values]));
    waiting.delete(address);
    if (!waiting.size) process.exit(0);
}

function withOsc() {
    const osc = require("osc");
    const socket = new osc.UDPPort({
        localAddress: "127.0.0.1", localPort: 0, remoteAddress: "127.0.0.1", remotePort: +port,
        metadata: true,
    });
    socket.on("message", (message) => heard(message.address, message.args.map((it) => it.value)));
    socket.on("ready", () => {
        const send = (address, args) =>
            socket.send({address, args: args.map(([type, value]) => ({type, value}))});
        send("/msanii/notify", [["i", 1]]);
        for (const [address, args] of messages) send(address, args);
    });
    socket.open();
}

function withNodeOsc() {
    const {Client, Message, Server} = require("node-osc");
    const types = {i: "integer", f: "float", s: "string"};
    const ears = new Server(0, "127.0.0.1", () => {
        const client = new Client("127.0.0.1", +port);
        const send = (address, args) => {
            const message = new Message(address);
            for (const [type, value] of args) message.append({type: types[type], value});
            client.send(message);
        };
        send("/msanii/notify", [["i", 1], ["i", ears._sock.address().port]]);
        for (const [address, args] of messages) send(address, args);
    });
    ears.on("message", ([address, ...values]) => heard(address, values));
}

({"osc": withOsc, "node-osc": withNodeOsc})[library]();
setTimeout(() => { console.error("not heard:", [...waiting]); process.exit(1); }, 30000);

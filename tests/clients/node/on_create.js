// Run the script of the session for Open Stage Control, and print what it sends: at once, and at which
// intervals in ms. argv: the script.

let interval = 0;
const send = (...values) => console.log(JSON.stringify([interval, values]));
const every = (act, milliseconds) => {
    interval = milliseconds;
    act();
    interval = 0;
};
new Function("send", "setInterval", require("fs").readFileSync(process.argv[2], "utf8"))(send, every);

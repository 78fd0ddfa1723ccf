// Ask a server by OSCQuery, with the library `oscquery`, and print the address of each node.
// argv: the HTTP port of the server.

const {OSCQueryDiscovery} = require("oscquery");

new OSCQueryDiscovery().queryNewService("127.0.0.1", +process.argv[2]).then((service) => {
    const nodes = service.flat().map((node) => [node.full_path, node.description, node.access]);
    console.log(JSON.stringify({osc: service.hostInfo.oscPort, nodes}));
    process.exit(0);
});

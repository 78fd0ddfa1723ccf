// A clip from the msanii-live server, played when it is whole: chuck msanii.ck, or chuck msanii.ck:7790
// Start the server first, in a terminal: msanii-live serve
// ChucK cannot hear on the socket that it sends from, so it tells the server where it listens.

7770 => int port;
57140 => int ears;
if (me.args() > 0) Std.atoi(me.arg(0)) => port;
if (me.args() > 1) Std.atoi(me.arg(1)) => ears;

OscIn in;
OscMsg msg;
ears => in.port;
in.listenAll();

OscOut out;
out.dest("127.0.0.1", port);
out.start("/msanii/notify").add(1).add(ears).send();
out.start("/msanii/generate").add("style").add("house").add("bpm").add(124.0);
out.add("bars").add(1.0).add("clip").add("fromchuck").send();

SndBuf sound => Gain level => dac;
0.5 => level.gain;

while (true)
{
    in => now;
    while (in.recv(msg))
    {
        if (msg.address == "/msanii/job/progress")
            <<< "progress", msg.getFloat(4) >>>;
        if (msg.address == "/msanii/fail")
        {
            <<< msg.getString(3), msg.getString(4) >>>;
            me.exit();
        }
        if (msg.address == "/msanii/job/done")
        {
            msg.getString(3) => sound.read;
            <<< "FRAMES", sound.samples() >>>;
            sound.length() => now;
            me.exit();
        }
    }
}

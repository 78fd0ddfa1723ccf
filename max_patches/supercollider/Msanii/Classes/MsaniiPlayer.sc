// Play clips, crossing over from one to the next at equal power.
MsaniiPlayer {
	var <server, <>fade, <>out, <>amp, <loop, synth, buffer;

	*new { |server, fade = 0.03, out = 0, amp = 0.5, loop = true|
		^super.newCopyArgs(server ? Server.default, fade, out, amp, loop).init
	}

	// channels: 1 or 2; mono sounds on both sides
	*synthDef { |channels = 2|
		^SynthDef(("msaniiDeck" ++ channels).asSymbol, { |out = 0, buf, rate = 1, loop = 1, gate = 1, fade = 0.03, amp = 0.5|
			var level = EnvGen.kr(Env.asr(fade, 1, fade, \sine), gate, doneAction: Done.freeSelf);
			var sound = PlayBuf.ar(channels, buf, BufRateScale.kr(buf) * rate, loop: loop, doneAction: Done.freeSelf);
			Out.ar(out, if(channels == 1) { sound ! 2 } { sound } * level * amp);
		})
	}

	init {
		server.serverRunning.if { this.addDefs };
		ServerBoot.add(this, server);
	}

	doOnServerBoot { this.addDefs }

	addDefs { [1, 2].do { |channels| this.class.synthDef(channels).send(server) } }

	// Load a WAV, and cross over to it once it is whole.
	load { |path|
		Buffer.read(server, path.asString, action: { |read| this.cross(read) })
	}

	cross { |read|
		var before = buffer, old = synth;
		buffer = read;
		synth = Synth(("msaniiDeck" ++ read.numChannels.clip(1, 2)).asSymbol, [
			buf: read, out: out, fade: fade, amp: amp, loop: loop.binaryValue
		], server);
		old !? { old.set(\gate, 0) };
		before !? { SystemClock.sched(fade + 0.2, { before.free; nil }) };
	}

	loop_ { |on|
		loop = on;
		synth !? { synth.set(\loop, on.binaryValue) }
	}

	stop {
		synth !? { synth.set(\gate, 0) };
		synth = nil;
	}

	free {
		this.stop;
		ServerBoot.remove(this, server);
		buffer !? { |b| SystemClock.sched(fade + 0.2, { b.free; nil }) };
		buffer = nil;
	}
}

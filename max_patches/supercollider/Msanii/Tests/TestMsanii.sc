// Against a real server, whose port is in the environment: MSANII_PORT.
TestMsanii : UnitTest {
	var client;

	setUp { client = Msanii("127.0.0.1", ("MSANII_PORT".getenv ? "7770").asInteger) }

	tearDown { client.free }

	test_generate_outpaint_interpolate {
		var clip, longer, between, heard = 0;
		client.generate((seconds: 1, clip: \fromsc), { |c| clip = c }, { heard = heard + 1 });
		this.wait({ clip.notNil }, "generate is answered", 240);
		this.assertEquals(clip[\clip], \fromsc, "the clip has the name it was given");
		this.assertEquals(clip[\samplerate], 44100);
		this.assert(File.exists(clip.path), "its file is there");
		this.assert(heard > 0, "progress was told");
		client.outpaint(\fromsc, (seconds: 1, clip: \fromsc2), { |c| longer = c });
		client.interpolate(\fromsc, \fromsc2, (mix: 0.5), { |c| between = c });
		this.wait({ between.notNil }, "both are answered", 240);
		this.assertFloatEquals(longer[\seconds], 2, within: 0.001);
		this.assertFloatEquals(between[\seconds], 1, within: 0.001);
	}

	test_failures_are_told_in_words {
		var code, words;
		client.outpaint(\nobody, (), { }, fail: { |c, text| code = c; words = text });
		this.wait({ code.notNil }, "it is answered", 20);
		this.assertEquals(code, \ENOCLIP);
		this.assert(words.size > 10);
	}

	test_cancel {
		var code;
		var token = client.generate((seconds: 60), { code = \done }, fail: { |c| code = c });
		client.cancel(token);
		this.wait({ code.notNil }, "it ends", 60);
		this.assertEquals(code, \ECANCEL);
	}

	test_lists_and_facts {
		var clips, state, value, transport;
		client.clipList((), { |rows| clips = rows });
		client.status((), { |s| state = s });
		client.transport((), { |t| transport = t });
		client.streamDensity(0.25);
		client.streamDensity(nil, (), { |v| value = v });
		this.wait({ clips.notNil and: state.notNil and: transport.notNil and: value.notNil }, "all are answered", 20);
		this.assert([\idle, \busy].includes(state[\state]));
		this.assertFloatEquals(value[\value], 0.25);
		this.assert(transport[\bpm] >= 20);
		this.assert(client.connected);
	}

	test_two_clients_hear_their_own {
		var other = Msanii("127.0.0.1", client.addr.port), mine, theirs;
		client.generate((seconds: 0.5, clip: \mine), { |c| mine = c });
		other.generate((seconds: 0.5, clip: \theirs), { |c| theirs = c });
		this.wait({ mine.notNil and: theirs.notNil }, "both are answered", 240);
		this.assertEquals([mine[\clip], theirs[\clip]], [\mine, \theirs]);
		other.free;
	}

	test_no_server_is_said_in_words {
		var nobody = Msanii("127.0.0.1", 9), words;
		nobody.ping((), { }, fail: { |code, text| words = text });
		this.wait({ words.notNil }, "it gives up", 20);
		this.assert(words.contains("msanii-live serve"));
		nobody.free;
	}

	test_the_decks_are_sound {
		[1, 2].do { |channels| this.assert(MsaniiPlayer.synthDef(channels).asBytes.size > 100) };
	}
}

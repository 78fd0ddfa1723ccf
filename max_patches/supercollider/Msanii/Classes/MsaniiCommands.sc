// Written by max_patches/generate.py from the protocol's table. Do not edit it.
+ Msanii {
	generate { |keys, done, progress, fail|
		^this.ask('/msanii/generate', [], keys, done, progress, fail)
	}

	outpaint { |src, keys, done, progress, fail|
		^this.ask('/msanii/outpaint', [src], keys, done, progress, fail)
	}

	inpaint { |src, start, end, keys, done, progress, fail|
		^this.ask('/msanii/inpaint', [src, start, end], keys, done, progress, fail)
	}

	interpolate { |a, b, keys, done, progress, fail|
		^this.ask('/msanii/interpolate', [a, b], keys, done, progress, fail)
	}

	audio2audio { |src, keys, done, progress, fail|
		^this.ask('/msanii/audio2audio', [src], keys, done, progress, fail)
	}

	render { |midi, keys, done, progress, fail|
		^this.ask('/msanii/render', [midi], keys, done, progress, fail)
	}

	vocode { |src, keys, done, progress, fail|
		^this.ask('/msanii/vocode', [src], keys, done, progress, fail)
	}

	transcribe { |src, keys, done, progress, fail|
		^this.ask('/msanii/transcribe', [src], keys, done, progress, fail)
	}

	accompany { |src, keys, done, progress, fail|
		^this.ask('/msanii/accompany', [src], keys, done, progress, fail)
	}

	play { |clip, keys, done, progress, fail|
		^this.ask('/msanii/play', [clip], keys, done, progress, fail)
	}

	stop { |clip, keys, done, progress, fail|
		^this.ask('/msanii/stop', [clip], keys, done, progress, fail)
	}

	transport { |keys, done, progress, fail|
		^this.ask('/msanii/transport', [], keys, done, progress, fail)
	}

	recordStart { |keys, done, progress, fail|
		^this.ask('/msanii/record/start', [], keys, done, progress, fail)
	}

	recordStop { |keys, done, progress, fail|
		^this.ask('/msanii/record/stop', [], keys, done, progress, fail)
	}

	streamStart { |src, keys, done, progress, fail|
		^this.ask('/msanii/stream/start', [src], keys, done, progress, fail)
	}

	streamStop { |keys, done, progress, fail|
		^this.ask('/msanii/stream/stop', [], keys, done, progress, fail)
	}

	streamMix { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.mix', [value], keys, done, progress, fail)
	}

	streamTarget { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.target', [value], keys, done, progress, fail)
	}

	streamStrength { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.strength', [value], keys, done, progress, fail)
	}

	streamSteps { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.steps', [value], keys, done, progress, fail)
	}

	streamSeed { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.seed', [value], keys, done, progress, fail)
	}

	streamDensity { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.density', [value], keys, done, progress, fail)
	}

	streamStyle { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.style', [value], keys, done, progress, fail)
	}

	streamKey { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.key', [value], keys, done, progress, fail)
	}

	streamChords { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.chords', [value], keys, done, progress, fail)
	}

	streamParts { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.parts', [value], keys, done, progress, fail)
	}

	streamDrive { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.drive', [value], keys, done, progress, fail)
	}

	streamSpace { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.space', [value], keys, done, progress, fail)
	}

	streamPromptA { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.prompt.a', [value], keys, done, progress, fail)
	}

	streamPromptB { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/stream.prompt.b', [value], keys, done, progress, fail)
	}

	outputGain { |value, keys, done, progress, fail|
		^this.ask('/msanii/param/output.gain', [value], keys, done, progress, fail)
	}

	clipList { |keys, done, progress, fail|
		^this.ask('/msanii/clip/list', [], keys, done, progress, fail)
	}

	clipInfo { |name, keys, done, progress, fail|
		^this.ask('/msanii/clip/info', [name], keys, done, progress, fail)
	}

	clipLoad { |path, keys, done, progress, fail|
		^this.ask('/msanii/clip/load', [path], keys, done, progress, fail)
	}

	clipSave { |name, path, keys, done, progress, fail|
		^this.ask('/msanii/clip/save', [name, path], keys, done, progress, fail)
	}

	clipRename { |name, to, keys, done, progress, fail|
		^this.ask('/msanii/clip/rename', [name, to], keys, done, progress, fail)
	}

	clipFree { |name, keys, done, progress, fail|
		^this.ask('/msanii/clip/free', [name], keys, done, progress, fail)
	}

	clipStar { |name, on, keys, done, progress, fail|
		^this.ask('/msanii/clip/star', [name, on], keys, done, progress, fail)
	}

	clipParents { |name, keys, done, progress, fail|
		^this.ask('/msanii/clip/parents', [name], keys, done, progress, fail)
	}

	clipCrop { |name, start, end, keys, done, progress, fail|
		^this.ask('/msanii/clip/crop', [name, start, end], keys, done, progress, fail)
	}

	undo { |keys, done, progress, fail|
		^this.ask('/msanii/undo', [], keys, done, progress, fail)
	}

	redo { |keys, done, progress, fail|
		^this.ask('/msanii/redo', [], keys, done, progress, fail)
	}

	undoList { |keys, done, progress, fail|
		^this.ask('/msanii/undo/list', [], keys, done, progress, fail)
	}

	sceneSave { |name, keys, done, progress, fail|
		^this.ask('/msanii/scene/save', [name], keys, done, progress, fail)
	}

	sceneLoad { |name, keys, done, progress, fail|
		^this.ask('/msanii/scene/load', [name], keys, done, progress, fail)
	}

	sceneFree { |name, keys, done, progress, fail|
		^this.ask('/msanii/scene/free', [name], keys, done, progress, fail)
	}

	sceneList { |keys, done, progress, fail|
		^this.ask('/msanii/scene/list', [], keys, done, progress, fail)
	}

	mapLearn { |param, keys, done, progress, fail|
		^this.ask('/msanii/map/learn', [param], keys, done, progress, fail)
	}

	mapList { |keys, done, progress, fail|
		^this.ask('/msanii/map/list', [], keys, done, progress, fail)
	}

	mapFree { |param, keys, done, progress, fail|
		^this.ask('/msanii/map/free', [param], keys, done, progress, fail)
	}

	automationRecord { |name, keys, done, progress, fail|
		^this.ask('/msanii/automation/record', [name], keys, done, progress, fail)
	}

	automationPlay { |name, keys, done, progress, fail|
		^this.ask('/msanii/automation/play', [name], keys, done, progress, fail)
	}

	automationStop { |keys, done, progress, fail|
		^this.ask('/msanii/automation/stop', [], keys, done, progress, fail)
	}

	automationFree { |name, keys, done, progress, fail|
		^this.ask('/msanii/automation/free', [name], keys, done, progress, fail)
	}

	automationList { |keys, done, progress, fail|
		^this.ask('/msanii/automation/list', [], keys, done, progress, fail)
	}

	jobList { |keys, done, progress, fail|
		^this.ask('/msanii/job/list', [], keys, done, progress, fail)
	}

	jobCancel { |job, keys, done, progress, fail|
		^this.ask('/msanii/job/cancel', [job], keys, done, progress, fail)
	}

	engineList { |keys, done, progress, fail|
		^this.ask('/msanii/engine/list', [], keys, done, progress, fail)
	}

	engineInfo { |engine, keys, done, progress, fail|
		^this.ask('/msanii/engine/info', [engine], keys, done, progress, fail)
	}

	engineLoad { |engine, keys, done, progress, fail|
		^this.ask('/msanii/engine/load', [engine], keys, done, progress, fail)
	}

	engineFree { |engine, keys, done, progress, fail|
		^this.ask('/msanii/engine/free', [engine], keys, done, progress, fail)
	}

	loraLoad { |name, weight, keys, done, progress, fail|
		^this.ask('/msanii/lora/load', [name, weight], keys, done, progress, fail)
	}

	loraFree { |name, keys, done, progress, fail|
		^this.ask('/msanii/lora/free', [name], keys, done, progress, fail)
	}

	loraList { |keys, done, progress, fail|
		^this.ask('/msanii/lora/list', [], keys, done, progress, fail)
	}

	workerList { |keys, done, progress, fail|
		^this.ask('/msanii/worker/list', [], keys, done, progress, fail)
	}

	notify { |on, port, keys, done, progress, fail|
		^this.ask('/msanii/notify', [on, port], keys, done, progress, fail)
	}

	sync { |number, keys, done, progress, fail|
		^this.ask('/msanii/sync', [number], keys, done, progress, fail)
	}

	ping { |keys, done, progress, fail|
		^this.ask('/msanii/ping', [], keys, done, progress, fail)
	}

	status { |keys, done, progress, fail|
		^this.ask('/msanii/status', [], keys, done, progress, fail)
	}

	version { |keys, done, progress, fail|
		^this.ask('/msanii/version', [], keys, done, progress, fail)
	}

	caps { |keys, done, progress, fail|
		^this.ask('/msanii/caps', [], keys, done, progress, fail)
	}

	dumpLines { |on, keys, done, progress, fail|
		^this.ask('/msanii/dump', [on], keys, done, progress, fail)
	}

	clearsched { |keys, done, progress, fail|
		^this.ask('/msanii/clearsched', [], keys, done, progress, fail)
	}

	quit { |keys, done, progress, fail|
		^this.ask('/msanii/quit', [], keys, done, progress, fail)
	}

	// the fields of each reply
	*replies {
		^IdentityDictionary[
			'/msanii/job/queued' -> [\token, \job, \position, \queueLength, \etaSeconds],
			'/msanii/job/progress' -> [\token, \job, \step, \steps, \fraction],
			'/msanii/job/clip' -> [\token, \job, \name, \path],
			'/msanii/job/done' -> [\token, \job, \clip, \path, \seconds, \samplerate, \channels, \seed, \tookSeconds],
			'/msanii/job/cancelled' -> [\token, \job, \step],
			'/msanii/done' -> [\command, \token, \job],
			'/msanii/fail' -> [\command, \token, \job, \code, \text],
			'/msanii/warn' -> [\command, \text],
			'/msanii/late' -> [\command, \seconds],
			'/msanii/status' -> [\state, \jobsRunning, \jobsQueued, \clips, \loadPercent, \vramMb, \xruns],
			'/msanii/pong' -> [\token],
			'/msanii/synced' -> [\number],
			'/msanii/version' -> [\version, \protocol, \token],
			'/msanii/caps' -> [\name, \value, \token],
			'/msanii/clip/entry' -> [\token, \index, \total, \name, \seconds, \samplerate, \channels],
			'/msanii/clip/info' -> [\token, \name, \path, \seconds, \samplerate, \channels, \seed, \bpm, \engine],
			'/msanii/clip/parent' -> [\token, \depth, \clip, \parent, \isThere],
			'/msanii/scene/entry' -> [\token, \index, \total, \name],
			'/msanii/automation/entry' -> [\token, \index, \total, \name, \beats, \changes, \state],
			'/msanii/undo/entry' -> [\token, \index, \total, \kind, \text],
			'/msanii/map/entry' -> [\token, \param, \control, \channel, \number, \low, \high],
			'/msanii/take/info' -> [\name, \path, \seconds, \notes, \bpm],
			'/msanii/job/entry' -> [\token, \job, \position, \ownerToken, \command, \fraction],
			'/msanii/engine/entry' -> [\token, \engine, \state, \verbs],
			'/msanii/engine/info' -> [\token, \engine, \name, \value],
			'/msanii/lora/entry' -> [\token, \lora, \engine, \weight],
			'/msanii/worker/entry' -> [\token, \worker, \state, \engines, \device, \host, \memoryMb, \job, \waiting],
			'/msanii/transport' -> [\bpm, \beats, \barPosition],
			'/msanii/dump/line' -> [\token, \ageSeconds, \sender, \message, \outcome],
			'/msanii/stream/chunk' -> [\index, \start, \seconds, \took, \ahead],
			'/msanii/stream/late' -> [\index, \seconds],
			'/msanii/param/stream.mix' -> [\value],
			'/msanii/param/stream.target' -> [\value],
			'/msanii/param/stream.strength' -> [\value],
			'/msanii/param/stream.steps' -> [\value],
			'/msanii/param/stream.seed' -> [\value],
			'/msanii/param/stream.density' -> [\value],
			'/msanii/param/stream.style' -> [\value],
			'/msanii/param/stream.key' -> [\value],
			'/msanii/param/stream.chords' -> [\value],
			'/msanii/param/stream.parts' -> [\value],
			'/msanii/param/stream.drive' -> [\value],
			'/msanii/param/stream.space' -> [\value],
			'/msanii/param/stream.prompt.a' -> [\value],
			'/msanii/param/stream.prompt.b' -> [\value],
			'/msanii/param/output.gain' -> [\value]
		]
	}

	// the reply to each command
	*answers {
		^IdentityDictionary[
			'/msanii/generate' -> '/msanii/job/done',
			'/msanii/outpaint' -> '/msanii/job/done',
			'/msanii/inpaint' -> '/msanii/job/done',
			'/msanii/interpolate' -> '/msanii/job/done',
			'/msanii/audio2audio' -> '/msanii/job/done',
			'/msanii/render' -> '/msanii/job/done',
			'/msanii/vocode' -> '/msanii/job/done',
			'/msanii/transcribe' -> '/msanii/job/done',
			'/msanii/accompany' -> '/msanii/job/done',
			'/msanii/play' -> '/msanii/done',
			'/msanii/stop' -> '/msanii/done',
			'/msanii/transport' -> '/msanii/transport',
			'/msanii/record/start' -> '/msanii/done',
			'/msanii/record/stop' -> '/msanii/done',
			'/msanii/stream/start' -> '/msanii/done',
			'/msanii/stream/stop' -> '/msanii/done',
			'/msanii/param/stream.mix' -> '/msanii/param/stream.mix',
			'/msanii/param/stream.target' -> '/msanii/param/stream.target',
			'/msanii/param/stream.strength' -> '/msanii/param/stream.strength',
			'/msanii/param/stream.steps' -> '/msanii/param/stream.steps',
			'/msanii/param/stream.seed' -> '/msanii/param/stream.seed',
			'/msanii/param/stream.density' -> '/msanii/param/stream.density',
			'/msanii/param/stream.style' -> '/msanii/param/stream.style',
			'/msanii/param/stream.key' -> '/msanii/param/stream.key',
			'/msanii/param/stream.chords' -> '/msanii/param/stream.chords',
			'/msanii/param/stream.parts' -> '/msanii/param/stream.parts',
			'/msanii/param/stream.drive' -> '/msanii/param/stream.drive',
			'/msanii/param/stream.space' -> '/msanii/param/stream.space',
			'/msanii/param/stream.prompt.a' -> '/msanii/param/stream.prompt.a',
			'/msanii/param/stream.prompt.b' -> '/msanii/param/stream.prompt.b',
			'/msanii/param/output.gain' -> '/msanii/param/output.gain',
			'/msanii/clip/list' -> '/msanii/clip/entry',
			'/msanii/clip/info' -> '/msanii/clip/info',
			'/msanii/clip/load' -> '/msanii/done',
			'/msanii/clip/save' -> '/msanii/done',
			'/msanii/clip/rename' -> '/msanii/done',
			'/msanii/clip/free' -> '/msanii/done',
			'/msanii/clip/star' -> '/msanii/done',
			'/msanii/clip/parents' -> '/msanii/clip/parent',
			'/msanii/clip/crop' -> '/msanii/done',
			'/msanii/undo' -> '/msanii/done',
			'/msanii/redo' -> '/msanii/done',
			'/msanii/undo/list' -> '/msanii/undo/entry',
			'/msanii/scene/save' -> '/msanii/done',
			'/msanii/scene/load' -> '/msanii/done',
			'/msanii/scene/free' -> '/msanii/done',
			'/msanii/scene/list' -> '/msanii/scene/entry',
			'/msanii/map/learn' -> '/msanii/done',
			'/msanii/map/list' -> '/msanii/map/entry',
			'/msanii/map/free' -> '/msanii/done',
			'/msanii/automation/record' -> '/msanii/done',
			'/msanii/automation/play' -> '/msanii/done',
			'/msanii/automation/stop' -> '/msanii/done',
			'/msanii/automation/free' -> '/msanii/done',
			'/msanii/automation/list' -> '/msanii/automation/entry',
			'/msanii/job/list' -> '/msanii/job/entry',
			'/msanii/job/cancel' -> '/msanii/done',
			'/msanii/engine/list' -> '/msanii/engine/entry',
			'/msanii/engine/info' -> '/msanii/engine/info',
			'/msanii/engine/load' -> '/msanii/done',
			'/msanii/engine/free' -> '/msanii/done',
			'/msanii/lora/load' -> '/msanii/done',
			'/msanii/lora/free' -> '/msanii/done',
			'/msanii/lora/list' -> '/msanii/lora/entry',
			'/msanii/worker/list' -> '/msanii/worker/entry',
			'/msanii/notify' -> '/msanii/done',
			'/msanii/sync' -> '/msanii/synced',
			'/msanii/ping' -> '/msanii/pong',
			'/msanii/status' -> '/msanii/status',
			'/msanii/version' -> '/msanii/version',
			'/msanii/caps' -> '/msanii/caps',
			'/msanii/dump' -> '/msanii/done',
			'/msanii/clearsched' -> '/msanii/done',
			'/msanii/quit' -> '/msanii/done'
		]
	}

	// replies that are lists, which /msanii/done ends
	*listed {
		^[
			'/msanii/caps',
			'/msanii/clip/entry',
			'/msanii/clip/parent',
			'/msanii/scene/entry',
			'/msanii/automation/entry',
			'/msanii/undo/entry',
			'/msanii/map/entry',
			'/msanii/job/entry',
			'/msanii/engine/entry',
			'/msanii/engine/info',
			'/msanii/lora/entry',
			'/msanii/worker/entry'
		]
	}
}

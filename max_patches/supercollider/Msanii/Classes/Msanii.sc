// A client of the msanii-live server. The commands are in MsaniiCommands.sc, which is generated.
Msanii {
	classvar <>patience = 4; // seconds without any answer until a command has failed

	var <addr, <connected = false, pending, responders, order, prefix, count = 0;

	*new { |host = "127.0.0.1", port = 7770|
		^super.new.init(NetAddr(host, port))
	}

	init { |where|
		addr = where;
		pending = IdentityDictionary.new;
		order = List.new; // tokens, the oldest first
		// a token that any client of this machine used in the last minute would mean the same job
		prefix = "sc" ++ 16777215.rand.asString ++ "-";
		responders = this.class.replies.keys.asArray.collect { |address|
			OSCFunc({ |message| this.hear(message) }, address, addr)
		};
	}

	free {
		responders.do(_.free);
		pending.clear;
		order.clear;
	}

	// Send a command; return its token. args: positional values, of which the last may be nil.
	// keys: an Event such as (bars: 4, style: \house). done: called with an Event of the reply's
	// fields, or an Array of them where the server sends a list. progress: called with 0 to 1.
	// fail: called with a code and words.
	ask { |address, args, keys, done, progress, fail|
		var token = (prefix ++ count).asSymbol;
		var message = [address] ++ args.reject(_.isNil);
		count = count + 1;
		(keys ? ()).keysValuesDo { |key, value| message = message ++ [key, value] };
		pending[token] = (
			address: address, reply: this.class.answers[address], rows: List.new,
			done: done, progress: progress, fail: fail ? { |code, text| "Msanii: % %".format(code, text).warn }
		);
		order.add(token);
		addr.sendMsg(*(message ++ [\id, token]));
		SystemClock.sched(patience, {
			if(pending[token].notNil and: { pending[token][\heard].isNil }) {
				connected = false;
				this.settle(token, \fail, \ENOANSWER, "server is not running: start it with msanii-live serve");
			};
			nil
		});
		^token
	}

	// Cancel what was asked for with a token; all of it without one.
	cancel { |token|
		this.jobCancel(token ? \all)
	}

	hear { |message|
		var address = message[0], fields = this.fieldsOf(message), token = fields[\token], entry;
		connected = true;
		if(token.isNil) { token = order.detect { |t| pending[t][\reply] == address } };
		entry = pending[token];
		entry.isNil.if { ^nil };
		entry[\heard] = true;
		switch(address,
			'/msanii/job/queued', { entry[\job] = fields[\job] },
			'/msanii/job/progress', { entry[\progress].value(fields[\fraction]) },
			'/msanii/job/cancelled', { this.settle(token, \fail, \ECANCEL, "cancelled") },
			'/msanii/fail', { this.settle(token, \fail, fields[\code], fields[\text].asString) },
			'/msanii/done', { this.settle(token, \done, if(entry[\rows].isEmpty) { fields } { entry[\rows].asArray }) },
			{
				if(this.class.listed.includes(address)) { entry[\rows].add(fields) } {
					if(address == entry[\reply]) { this.settle(token, \done, fields) }
				}
			}
		)
	}

	// Return an Event of a reply's fields by name; text as it came, a path as a String.
	fieldsOf { |message|
		var fields = ();
		this.class.replies[message[0]].do { |name, i|
			fields[name] = if(name == \path) { message[i + 1].asString } { message[i + 1] }
		};
		^fields
	}

	settle { |token, how ... args|
		var entry = pending.removeAt(token);
		order.remove(token);
		entry !? { entry[how].valueArray(args) }
	}
}

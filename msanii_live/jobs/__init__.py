"""Work accepted from a patch: states, queue, cancel, one worker a device."""

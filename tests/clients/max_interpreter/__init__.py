"""An interpreter of the Max objects that our patches use, to run them in tests without Max.

It follows Max's reference, of which py2max has a copy. It fails on objects it does not know, and on
messages and attributes that the reference does not list. It is no substitute for Max: it knows the
reference's words, not the program's faults.
"""

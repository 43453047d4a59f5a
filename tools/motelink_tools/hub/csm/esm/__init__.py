"""Users' functions at work (section 5 of the protocol): a process for each graph.

`stages` is what a message goes through, `worker` the process in which that happens, `supervisor`
starts it, feeds it and ends it when it hangs, `engine` has one for each graph.
"""

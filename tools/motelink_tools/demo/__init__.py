"""The main job, without hardware: a virtual board is flashed, works, is cut off and comes back.

`scenario` makes it happen, `facts` is what is known of it, `screen` shows it.
"""

# Starts app.py, see motelink.node_guard. What is caught here is a library that is broken.
import sys
import time

import machine

try:
    from motelink import node_guard

    node_guard.run("app")
except Exception as error:
    sys.print_exception(error)
    print("main.py: restart in 10 s")
    time.sleep(10)
    machine.reset()

# Runs first, before main.py, and must return: until it does nothing else runs, and a flash has to
# interrupt it. Whatever may fail or wait belongs in main.py.
import gc

try:
    from motelink import node_guard

    node_guard.check()
except Exception as error:  # without a library there is main.py, mpremote, and the prompt
    print("boot.py:", error)
gc.collect()

# Runs first, before main.py, and must return: until it does nothing else runs, and a flash has to
# interrupt it. Whatever may fail or wait belongs in main.py.
import gc

# Collect often while things are loaded: what stays then lies together, and what is free, too. In a
# heap of 64 KiB the largest free block is 15 KB with this, and 2 KB without.
gc.threshold(1024)
try:
    from motelink import node_guard

    node_guard.check()
except Exception as error:  # without a library there is main.py, mpremote, and the prompt
    print("boot.py:", error)
gc.collect()

# Runs first, before main.py, and must return: until it does nothing else runs, and a flash has to
# interrupt it. Whatever may fail or wait belongs in main.py.
import gc

gc.collect()

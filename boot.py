# Runs first, before main.py. Must return, and quickly: a board whose boot.py hangs cannot be
# flashed. Everything that may fail belongs in main.py.
import gc

gc.collect()

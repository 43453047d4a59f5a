# Runs first, before main.py. It must return, and quickly: a board whose boot.py hangs cannot be
# flashed. Whatever may fail or wait belongs in main.py.
import gc

gc.collect()

"""motelink: device-side clients of five IoT platforms, with no heap allocation in steady state.

Imports nothing, so that a board pays only for the modules it uses: ``import motelink.manager``.
"""

__version__ = "0.1.0"

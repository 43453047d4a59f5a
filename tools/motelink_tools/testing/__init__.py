"""Testing firmware on the host: hardware fakes and a pytest plugin."""

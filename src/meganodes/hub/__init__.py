"""The core: the only place where journal, callbacks, directory and providers meet."""

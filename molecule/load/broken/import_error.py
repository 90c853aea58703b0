raise RuntimeError("broken when it is imported")
